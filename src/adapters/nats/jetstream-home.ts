import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { EngineError, givenUp } from '../../domain/errors.js';
import type { DigestHome, DigestRound, OutgoingDigest, RowCodec, StoredRow } from '../../ports/digest.js';
import type { Clock } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { isWrongRevision, natsFailure } from './library.js';
import type { NatsMessage } from './nats-message.js';
import type { OwnerLease } from './owner-lease.js';
import { deadLetterSubject, digestSubject } from './streams.js';

const answerLimitMs = 5_000;
/** The server's own words around a message count, too. */
const limitShare = 0.9;

export interface JetstreamHomeOptions {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly kv: KV;
  readonly bucketStream: string;
  readonly lease: OwnerLease;
  readonly maxPayloadBytes: number;
  readonly rows: RowCodec;
}

/**
 * State in a bucket, digests on a stream; no transactions, hence in this order: changed alarms, digests, a row for each digest that lists
 * what it sent, cleared marks, the removal of those rows, acknowledgements.
 *
 * A crash between any two of them repeats a digest at most, under the same `Nats-Msg-Id`: whoever finds a list clears what it names before
 * anything else, so the marks of a digest are cleared as one. Every row is written with the revision that we
 * know: another one means another owner. The lease is looked at before each publish, and again after the last store, before anything is
 * acknowledged: what a former owner stored too late is delivered again to the new one.
 */
export class JetstreamHome implements DigestHome<NatsMessage> {
  readonly digestLimitBytes: number;
  readonly #options: JetstreamHomeOptions;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #revisions = new Map<string, number>();
  readonly #done = new WeakMap<DigestRound<NatsMessage>, Set<string>>();

  constructor(options: JetstreamHomeOptions, deps: { readonly clock: Clock; readonly telemetry: Telemetry }) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.digestLimitBytes = Math.floor(options.maxPayloadBytes * limitShare);
  }

  /** The revision of a row that was read at take-over. */
  know(key: string, revision: number): void {
    this.#revisions.set(key, revision);
  }

  async commit(round: DigestRound<NatsMessage>, signal: AbortSignal): Promise<void> {
    try {
      // Tried again, a step that is done is not done again: the marks of a digest that is out must not come back.
      await this.#once(round, 'changed', () => this.#store(round.changed));
      await this.#once(round, 'published', () => this.#publish(round));
      const lists = round.digests.flatMap(sentRow);
      await this.#once(round, 'listed', () => this.#store(lists));
      await this.#store(round.cleared.filter(({ kind }) => kind !== 'sent'));
      const told = round.cleared.filter(({ kind }) => kind === 'sent');
      await this.#store([...told, ...lists.map((row) => ({ ...row, alarms: undefined }))]);
    } catch (error) {
      if (signal.aborted) throw givenUp('the commit was given up', error);
      throw natsFailure(error, 'storing the state of a digest');
    }
    this.#options.lease.demand();
    for (const message of round.taken) message.finish();
  }

  async #once(
    round: DigestRound<NatsMessage>,
    step: 'changed' | 'published' | 'listed',
    work: () => Promise<void>,
  ): Promise<void> {
    const done = this.#done.get(round) ?? new Set();
    if (done.has(step)) return;
    await work();
    this.#done.set(round, done.add(step));
  }

  async #publish({ digests, deadLetters }: DigestRound<NatsMessage>): Promise<void> {
    if (digests.length + deadLetters.length === 0) return;
    this.#options.lease.demand();
    const startedAtMonoMs = this.#clock.monoMs();
    const { js } = this.#options;
    const letters = deadLetters.map(({ subject, reason, value }) =>
      JSON.stringify({ Subject: subject, Reason: reason, RawBase64: Buffer.from(value).toString('base64') }),
    );
    await Promise.all([
      ...digests.map(({ id, text }) => js.publish(digestSubject, text, { msgID: id, timeout: answerLimitMs })),
      ...letters.map((text) => js.publish(deadLetterSubject, text, { timeout: answerLimitMs })),
    ]);
    this.#telemetry.observe('digest_publish_seconds', (this.#clock.monoMs() - startedAtMonoMs) / 1_000);
  }

  async #store(rows: readonly StoredRow[]): Promise<void> {
    if (rows.length === 0) return;
    this.#options.lease.demand();
    const settled = await Promise.allSettled(rows.map((row) => this.#storeOne(row)));
    const failed = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason as unknown);
    const fenced = failed.find((error) => error instanceof EngineError);
    if (failed.length > 0) throw fenced ?? failed[0];
  }

  async #storeOne(row: StoredRow): Promise<void> {
    const key = this.#options.rows.key(row);
    const text = this.#options.rows.text(row);
    if (text === undefined) {
      await this.#options.jsm.streams.purge(this.#options.bucketStream, {
        filter: `$KV.${this.#options.bucketStream.slice(3)}.${key}`,
      });
      this.#revisions.delete(key);
      return;
    }
    const previousSeq = this.#revisions.get(key) ?? 0;
    try {
      this.#revisions.set(key, await this.#options.kv.put(key, text, { previousSeq, timeout: answerLimitMs }));
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
      await this.#adopt(key, text);
    }
  }

  /** Our own write, whose answer was lost, looks like that of another until its value is read. */
  async #adopt(key: string, text: string): Promise<void> {
    const entry = await this.#options.kv.get(key);
    if (entry === null || entry.operation !== 'PUT' || entry.string() !== text) {
      throw new EngineError('FENCED', 'another instance has written the state of this digest worker', {
        retriable: false,
      });
    }
    this.#revisions.set(key, entry.revision);
  }
}

/** A single mark is cleared in one step, and needs no list. */
function sentRow({ userId, methodId, id, alarms }: OutgoingDigest): readonly Extract<StoredRow, { kind: 'sent' }>[] {
  if (alarms.length < 2) return [];
  const versions = alarms.map(({ alarmId, alarm: { version } }) => ({ alarmId, version }));
  return [{ kind: 'sent', userId, methodId, digestId: id, alarms: versions }];
}
