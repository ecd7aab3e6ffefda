import type { RawAlarm } from '../../src/domain/alarm.js';
import { decodeNotificationGroup } from '../../src/domain/codec.js';
import { EngineError } from '../../src/domain/errors.js';
import type { Notification } from '../../src/domain/notification.js';
import { notificationId } from '../../src/domain/notification.js';
import type { DeadLetter, OutcomeRecord } from '../../src/domain/outcome.js';
import { encodeOutcomeRecord, encodeWaitingRepeat } from '../../src/domain/outcome-record.js';
import { type AlarmPosition, positionText } from '../../src/domain/position.js';
import { Secret } from '../../src/domain/secret.js';
import { RepeatPlan } from '../../src/periodic/repeat-plan.js';
import type { Parcel } from '../../src/ports/flow.js';
import { RetryPlan } from '../../src/retry/retry-plan.js';
import { WaitingEngine } from '../../src/waiting/waiting-engine.js';
import { alarmWith } from './alarms.js';
import { FakeAlarmSource } from './fakes/fake-alarm-source.js';
import { FakeClock } from './fakes/fake-clock.js';
import { FakeMethodDirectory } from './fakes/fake-method-directory.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

const topic = 'waiting';
const partitionCount = 2;

export interface WaitingBenchOptions {
  readonly plan?: 'retry' | 'repeat';
  readonly ttlMs?: number;
  readonly capacity?: number;
}

/** What of a record that waits a test may choose. */
export interface WaitingFacts {
  readonly notBeforeMs?: number;
  /** By the clock of the host that wrote it. */
  readonly recordedAtMs?: number;
  readonly alarmId?: string;
  readonly tenantId?: string;
  readonly newState?: string;
  readonly changedAtMs?: number;
  readonly methodId?: string;
  /** Told before as which repeat; and every how many milliseconds. */
  readonly repeat?: number;
  readonly periodMs?: number;
  /** The offset of its alarm; another one for each record unless said otherwise. The first one is 40. */
  readonly source?: number;
  /** Sends tried so far: 1. */
  readonly attempt?: number;
  readonly replay?: Notification['replay'];
}

/** An engine of what waits on a topic in memory, on virtual time, with all that it tells and gives. */
export class WaitingBench {
  readonly clock = new FakeClock();
  readonly telemetry = new RecordingTelemetry();
  readonly directory = new FakeMethodDirectory();
  readonly letters: DeadLetter[] = [];
  readonly held: AlarmPosition[] = [];
  readonly finished: (readonly [offset: bigint, reason: string])[] = [];
  readonly given: { readonly atMonoMs: number; readonly parcel: Parcel; readonly notification: Notification }[] = [];
  readonly engine: WaitingEngine;
  readonly #values: string[][] = Array.from({ length: partitionCount }, () => []);
  readonly #lost = new Set<string>();
  readonly #source = new FakeAlarmSource(topic, partitionCount, 500_000);
  readonly #stop = new AbortController();
  #writtenCount = 0;
  /** Kafka answers no question for single messages. */
  isAway = false;
  /** So many parks fail. */
  parkFailures = 0;
  /** While it is set, whoever gives waits for it. */
  room: Promise<void> | undefined;
  failure: unknown;
  /** How often nothing was being decided any more. */
  doneCount = 0;

  constructor({ plan = 'retry', ttlMs = 3_600_000, capacity = 1_000 }: WaitingBenchOptions = {}) {
    const { directory } = this;
    directory.add({ id: 'm-1' });
    this.engine = new WaitingEngine({
      plan: plan === 'retry' ? new RetryPlan({ directory, intervalMs: 30_000, ttlMs }) : new RepeatPlan(directory),
      capacity,
      source: this.#source,
      lookup: { find: (positions) => this.#find(positions), close: () => Promise.resolve() },
      deadLetters: { park: (letter) => this.#park(letter) },
      outlet: {
        held: (positions) => this.held.push(...positions),
        finished: (positions, reason) =>
          this.finished.push(...positions.map(({ offset }) => [offset, reason] as const)),
        done: () => {
          this.doneCount += 1;
        },
        room: async (count) => {
          await this.room;
          return count;
        },
        give: async (parcels) => {
          for (const parcel of parcels) this.#took(parcel);
        },
      },
      clock: this.clock,
      random: () => 0.5,
      telemetry: this.telemetry,
    });
    this.engine.run(this.#stop.signal).catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** Lets a partition be read from an offset on. */
  resume(partition = 0, from = 0, isFinished: (offset: bigint) => boolean = () => false): void {
    const at = { topic, partition };
    this.engine.resume(at, ({ offset }) => isFinished(offset));
    this.#source.resume(at, BigInt(from), BigInt(from) + 500_000n);
  }

  pause(partition = 0): void {
    this.#source.pause({ topic, partition });
    this.engine.pause({ topic, partition });
  }

  /** What a new term does. */
  reset(): void {
    for (let partition = 0; partition < partitionCount; partition += 1) this.#source.pause({ topic, partition });
    this.engine.reset();
  }

  writeText(value: string, partition = 0, recordedAtMs = 0): void {
    this.#values[partition]?.push(value);
    this.#source.write(partition, [value], recordedAtMs);
  }

  /** The record of a first send that failed now or, when it names a repeat, of one that was told now. */
  write(facts: WaitingFacts = {}, partition = 0): void {
    const nowMs = this.clock.nowMs();
    const { repeat, periodMs = 0, attempt = 1, replay, tenantId = 't-17' } = facts;
    const { notBeforeMs = nowMs, alarmId = 'a-1', newState = 'ALARM', changedAtMs = nowMs, methodId = 'm-1' } = facts;
    const position = { topic: 'alarms', partition: 1, offset: BigInt(facts.source ?? 40 + this.#writtenCount++) };
    const method = { id: methodId, name: 'n', type: 'email', address: new Secret('old@here.com'), periodMs };
    const base = {
      notification: {
        ...{ position, id: notificationId(position, methodId), method, attempt, repeat: repeat ?? 0 },
        alarm: alarmWith({ tenantId, alarmId, newState, timestamp: changedAtMs }, position),
        ...(replay === undefined ? {} : { replay }),
      },
    };
    const failed = { attempt, atMs: nowMs, failure: 'server_error' } as const;
    const retry: OutcomeRecord = { ...base, history: [failed], outcome: 'retrying', notBeforeMs, detail: '' };
    const told: OutcomeRecord = { ...base, history: [], outcome: 'sent', sentAtMs: nowMs, remoteId: undefined };
    const { value } =
      repeat === undefined ? encodeOutcomeRecord(retry, 'host') : encodeWaitingRepeat(told, notBeforeMs, 'host');
    this.writeText(String(value), partition, facts.recordedAtMs);
  }

  /** Retention takes one record. */
  lose(offset: number, partition = 0): void {
    this.#lost.add(positionText({ topic, partition, offset: BigInt(offset) }));
  }

  givenOffsets(): readonly bigint[] {
    return this.given.map(({ parcel }) => parcel.position.offset);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.clock.advance(0);
    await this.clock.advance(0);
  }

  async #find(positions: readonly AlarmPosition[]) {
    await Promise.resolve();
    if (this.isAway) return { found: [], gone: [] };
    const gone = positions.filter((position) => this.#lost.has(positionText(position)));
    const found = positions.filter((position) => !this.#lost.has(positionText(position))).map((at) => this.#raw(at));
    // In the order of offsets, as Kafka answers, whatever the order of the question.
    return { found: found.sort((a, b) => (a.position.offset < b.position.offset ? -1 : 1)), gone };
  }

  #raw(position: AlarmPosition): RawAlarm {
    const value = this.#values[position.partition]?.[Number(position.offset)] ?? '';
    return { position, value: Buffer.from(value), recordedAtMs: 0 };
  }

  async #park(letter: DeadLetter): Promise<void> {
    await Promise.resolve();
    this.parkFailures -= 1;
    if (this.parkFailures >= 0) throw new EngineError('STORE_UNAVAILABLE', 'Kafka is away', { retriable: true });
    this.letters.push(letter);
  }

  #took(parcel: Parcel): void {
    const [notification] = decodeNotificationGroup(parcel.position, parcel.payload).notifications;
    this.given.push({ atMonoMs: this.clock.monoMs(), parcel, notification });
  }
}
