import type { DigestRules } from '../../../src/digest/digest-rules.js';
import { DigestWorker } from '../../../src/digest/digest-worker.js';
import { parseDigestMessage } from '../../../src/digest/message.js';
import { parseRow, rowKey, rowText } from '../../../src/digest/stored-row.js';
import { EngineError } from '../../../src/domain/errors.js';
import { hash32 } from '../../../src/domain/hash32.js';
import type { DigestRound, MessageForm, TakenMessage } from '../../../src/ports/digest.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { RecordingTelemetry } from '../fakes/recording-telemetry.js';

/** One message of the broker's intake. */
export interface MemoryMessage extends TakenMessage {
  readonly number: number;
}

interface Kept {
  readonly form: MessageForm;
  readonly value: Uint8Array;
  readonly isRepeated: boolean;
}

/** After which step of a commit the process dies; `none`: it does not. */
export type CrashPoint = 'none' | 'before' | 'changed' | 'digests' | 'cleared' | 'finished';

export const userRules: DigestRules = { empty: 'skip', tombstoneDays: 30, scheduleOf: () => undefined };

/**
 * A broker in memory with the promises of both transports: partitions by user, redelivery of what is not finished, durable state, published
 * digests. `isTransactional` false stores step by step, like NATS; true all or nothing, like Kafka.
 */
export class MemoryBroker {
  readonly published: { readonly id: string; readonly text: string; readonly methodId: string | undefined }[] = [];
  readonly deadLetters: { readonly subject: string; readonly reason: string }[] = [];
  readonly state = new Map<string, string>();
  readonly clock = new FakeClock();
  readonly telemetry = new RecordingTelemetry();
  readonly workerCount: number;
  readonly isTransactional: boolean;
  rules: DigestRules = userRules;
  digestLimitBytes = 900_000;
  failuresToCome = 0;
  crashAt: CrashPoint = 'none';
  epoch = 0;
  readonly #unfinished = new Map<number, Kept>();
  #number = 0;

  constructor({ workerCount = 1, isTransactional = false } = {}) {
    this.workerCount = workerCount;
    this.isTransactional = isTransactional;
  }

  publish(form: MessageForm, value: object | string | Uint8Array): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    this.#number += 1;
    const bytes = value instanceof Uint8Array ? value : Buffer.from(text);
    this.#unfinished.set(this.#number, { form, value: bytes, isRepeated: false });
  }

  status(userId: string, alarmId: string, status: string, changedAt: string, more: object = {}): void {
    this.publish('status', { AlarmID: alarmId, UserID: userId, Status: status, ChangedAt: changedAt, ...more });
  }

  send(userId: string, more: object = {}): void {
    this.publish('command', { UserID: userId, ...more });
  }

  get unfinishedCount(): number {
    return this.#unfinished.size;
  }

  /** Starts all workers on the stored state, gives them what is unfinished (through `order`), and lets them work to the end or the crash. */
  async run(order: (messages: MemoryMessage[]) => MemoryMessage[] = (all) => all): Promise<void> {
    const workers = this.start();
    const messages = [...this.#unfinished].map(([number, kept]) => ({
      ...{ number, subject: kept.form, place: `memory:${number}` },
      ...kept,
    }));
    for (const [number, kept] of this.#unfinished) this.#unfinished.set(number, { ...kept, isRepeated: true });
    for (const taken of order(messages)) {
      const message = parseDigestMessage(taken.value, taken.form);
      const userId = userOf(message);
      workers[hash32(userId) % this.workerCount]?.take({ worker: 0, taken, message });
    }
    await this.finish(workers);
  }

  /** Workers with what is stored, of a new epoch: older ones are fenced. */
  start(): DigestWorker<MemoryMessage>[] {
    this.epoch += 1;
    const { epoch, clock, telemetry } = this;
    const home = {
      digestLimitBytes: this.digestLimitBytes,
      commit: (round: DigestRound<MemoryMessage>) => this.#commit(round, epoch),
    };
    const workers = Array.from(
      { length: this.workerCount },
      (_, index) => new DigestWorker(index, home, this.rules, { clock, random: () => 0, telemetry }),
    );
    for (const text of this.state.values()) {
      const row = parseRow(text);
      workers[hash32(row.userId) % this.workerCount]?.restore(row);
    }
    return workers;
  }

  async finish(workers: readonly DigestWorker<MemoryMessage>[]): Promise<void> {
    for (const worker of workers) worker.close();
    const dead = new AbortController();
    const runs = workers.map((worker) => worker.run(dead.signal).catch((error) => this.#died(error, dead)));
    const all = Promise.all(runs);
    let isOver = false;
    void all.then(() => {
      isOver = true;
    });
    while (!isOver) await this.clock.advance(1_000);
    await all;
  }

  digests(): unknown[] {
    return this.published.map(({ text }) => JSON.parse(text) as unknown);
  }

  #died(error: unknown, dead: AbortController): void {
    dead.abort();
    if (!(error instanceof EngineError)) throw error;
  }

  async #commit(round: DigestRound<MemoryMessage>, epoch: number): Promise<void> {
    if (epoch !== this.epoch) throw new EngineError('FENCED', 'another instance', { retriable: false });
    if (this.failuresToCome > 0) {
      this.failuresToCome -= 1;
      throw new EngineError('STORE_UNAVAILABLE', 'the broker is away', { retriable: true });
    }
    const steps: readonly (readonly [CrashPoint, () => void])[] = [
      ['before', () => undefined],
      ['changed', () => this.#store(round.changed)],
      ['digests', () => this.published.push(...round.digests)],
      ['cleared', () => this.#store(round.cleared)],
      ['finished', () => this.#finish(round)],
    ];
    const isAllOrNothing = this.isTransactional && this.crashAt !== 'none' && this.crashAt !== 'finished';
    for (const [name, step] of isAllOrNothing ? steps.slice(0, 1) : steps) {
      step();
      if (this.crashAt === name) throw this.#crash();
    }
    if (isAllOrNothing) throw this.#crash();
  }

  #crash(): EngineError {
    this.crashAt = 'none';
    this.epoch += 1;
    return new EngineError('FENCED', 'the process died', { retriable: false });
  }

  #store(rows: DigestRound<MemoryMessage>['changed']): void {
    for (const row of rows) {
      const text = rowText(row);
      if (text === undefined) this.state.delete(rowKey(row));
      else this.state.set(rowKey(row), text);
    }
  }

  #finish({ deadLetters, taken }: DigestRound<MemoryMessage>): void {
    for (const { subject, reason } of deadLetters) this.deadLetters.push({ subject, reason });
    for (const { number } of taken) this.#unfinished.delete(number);
  }
}

function userOf(message: ReturnType<typeof parseDigestMessage>): string {
  if (message.kind === 'status') return message.change.userId;
  return message.kind === 'command' ? message.command.userId : '';
}
