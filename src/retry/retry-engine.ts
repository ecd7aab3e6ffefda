import type { RawAlarm } from '../domain/alarm.js';
import { encodeNotificationGroup } from '../domain/codec.js';
import { EngineError } from '../domain/errors.js';
import type { FinishReason } from '../domain/outcome.js';
import { orderKeyOfAlarm } from '../domain/parse-alarm.js';
import { parseOutcomeRecord, type RecordedOutcome } from '../domain/parse-outcome-record.js';
import {
  type AlarmPosition,
  isNonEmpty,
  type NonEmpty,
  partitionText,
  positionText,
  type TopicPartition,
} from '../domain/position.js';
import type { MethodDirectory } from '../ports/directory.js';
import type { AlarmSource, DeadLetters, MessageLookup, Parcel } from '../ports/flow.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { DueList } from './due-list.js';
import { NewestTransitions } from './newest-transitions.js';
import { nextAttempt } from './retry-decision.js';

export interface RetryEngineOptions {
  /** The pause after an attempt whose record does not say when the next one is due: the ancestor's. */
  readonly intervalMs: number;
  /** Undefined: alarms never expire. */
  readonly ttlMs: number | undefined;
  /** How many may wait in memory; more are not read for now. */
  readonly capacity: number;
}

/** The side of main: learns what is held, what goes into the flow and what ended here. */
export interface RetryOutlet {
  held(positions: NonEmpty<AlarmPosition>): void;
  finished(positions: NonEmpty<AlarmPosition>, reason: FinishReason): void;
  /** Resolves when all are on their way, or void. */
  give(parcels: NonEmpty<Parcel>): Promise<void>;
}

export interface RetryEngineDeps {
  readonly source: Pick<AlarmSource, 'read'>;
  readonly lookup: MessageLookup;
  readonly directory: MethodDirectory;
  readonly deadLetters: DeadLetters;
  readonly outlet: RetryOutlet;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

const batchCount = 250;
const idleMs = 60_000;
/** And up to twice as long: what could not be fetched or decided is asked for again. */
const againAfterMs = 1_000;
const pauses = { firstMs: 100, longestMs: 5_000 } as const;

/** A partition that is read now. `isFinished` tells what a predecessor finished above the position where reading began. */
interface Open {
  isFinished(position: AlarmPosition): boolean;
}

/**
 * Reads the retry topic, holds what is not due yet, and gives each retry to the flow when its time has come.
 *
 * Of a retry that waits only position and time are kept; the topic is the store, and the record is fetched again when it is due. So memory
 * does not depend on how large records are, and a restart costs nothing but reading. Main is told of a position when it is read, so that
 * nothing behind it is committed past it. Times are the record's `not_before`, turned into monotonic ones when it is read: a jump of the
 * clock moves nothing that waits.
 */
export class RetryEngine {
  readonly #options: RetryEngineOptions;
  readonly #deps: RetryEngineDeps;
  readonly #due = new DueList();
  readonly #newest = new NewestTransitions();
  readonly #open = new Map<string, Open>();
  readonly #wallMinusMonoMs: number;
  #term = new AbortController();
  #wake = new AbortController();
  #inHandCount = 0;

  constructor(options: RetryEngineOptions, deps: RetryEngineDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#wallMinusMonoMs = deps.clock.nowMs() - deps.clock.monoMs();
  }

  /** Retries that are not in the flow. */
  get waitingCount(): number {
    return this.#due.size + this.#inHandCount;
  }

  /** Everything held is void, and what is under way for it is given up. */
  reset(): void {
    this.#term.abort();
    this.#term = new AbortController();
    this.#open.clear();
    this.#due.clear();
    this.#ring();
  }

  resume(partition: TopicPartition, isFinished: Open['isFinished']): void {
    this.#due.remove(partition);
    this.#open.set(partitionText(partition), { isFinished });
  }

  pause(partition: TopicPartition): void {
    this.#due.remove(partition);
    this.#open.delete(partitionText(partition));
    this.#ring();
  }

  /** Runs until `signal` aborts. @throws what waiting cannot cure. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.reset();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all([this.#read(signal), this.#deliver(signal)]);
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#deps.source.read(signal)) await this.#hold(batch);
  }

  async #hold(batch: readonly RawAlarm[]): Promise<void> {
    const term = this.#term.signal;
    const held = batch.filter(
      ({ position }) => this.#open.get(partitionText(position))?.isFinished(position) === false,
    );
    const positions = held.map(({ position }) => position);
    if (!isNonEmpty(positions)) return;
    this.#deps.outlet.held(positions);
    for (const raw of held) {
      while (!term.aborted && this.#due.size >= this.#options.capacity) await this.#wait(idleMs);
      const record = recordOf(raw);
      if (record instanceof EngineError) await this.#park(raw, record.message, term);
      else if (this.#isOpen(raw.position, term)) this.#await(raw.position, record);
    }
  }

  #await(position: AlarmPosition, record: RecordedOutcome): void {
    const { clock } = this.#deps;
    const { notBeforeMs, lastTriedAtMs } = record;
    const dueAtMs = notBeforeMs ?? (lastTriedAtMs === undefined ? 0 : lastTriedAtMs + this.#options.intervalMs);
    this.#newest.saw(record.notification.alarm);
    const dueAtMonoMs = clock.monoMs() + Math.max(0, dueAtMs - clock.nowMs());
    const isFirst = dueAtMonoMs < (this.#due.nextDueAtMonoMs ?? Number.POSITIVE_INFINITY);
    this.#due.add(position, dueAtMonoMs);
    if (isFirst) this.#ring();
  }

  async #deliver(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    for (let failures = 0; !signal.aborted; ) {
      const term = this.#term.signal;
      const positions = this.#due.take(clock.monoMs(), batchCount);
      if (positions.length === 0) {
        await this.#wait((this.#due.nextDueAtMonoMs ?? Number.POSITIVE_INFINITY) - clock.monoMs());
        continue;
      }
      this.#inHandCount = positions.length;
      this.#ring();
      const leftCount = await this.#round(positions, term);
      this.#inHandCount = 0;
      failures = leftCount > 0 || term.aborted ? 0 : failures + 1;
      // Nothing at all could be decided: MySQL or Kafka is away, and asking for the next ones at once would help nobody.
      if (failures > 0) await clock.sleep(pauseMs(failures, random), term);
    }
  }

  /** Resolves to how many have left: given, finished or void. The others wait again. */
  async #round(positions: readonly AlarmPosition[], term: AbortSignal): Promise<number> {
    const { lookup, outlet, clock, random } = this.#deps;
    const { found, gone } = await lookup.find(positions, term);
    const answers = new Map<string, Parcel | 'later' | 'ended'>(
      gone.map((position) => [positionText(position), 'ended']),
    );
    this.#vanished(gone, term);
    const decide = async (raw: RawAlarm) => answers.set(positionText(raw.position), await this.#parcelOf(raw, term));
    await Promise.all(found.map(decide));
    const parcels: Parcel[] = [];
    let laterCount = 0;
    for (const position of positions.filter((one) => this.#isOpen(one, term))) {
      const answer = answers.get(positionText(position)) ?? 'later';
      if (answer === 'later') {
        laterCount += 1;
        this.#due.add(position, clock.monoMs() + againAfterMs * (1 + random()));
      } else if (answer !== 'ended') parcels.push(answer);
    }
    if (isNonEmpty(parcels)) await outlet.give(parcels);
    return positions.length - laterCount;
  }

  async #parcelOf(raw: RawAlarm, term: AbortSignal): Promise<Parcel | 'later' | 'ended'> {
    const record = recordOf(raw);
    if (record instanceof EngineError) {
      await this.#park(raw, record.message, term);
      return 'ended';
    }
    const { directory, clock } = this.#deps;
    const deps = { directory, newest: this.#newest, ttlMs: this.#options.ttlMs };
    try {
      const next = await nextAttempt(record, deps, this.#wallMinusMonoMs + clock.monoMs(), term);
      const payload = encodeNotificationGroup({ position: raw.position, notifications: [next] });
      return { position: raw.position, orderKey: orderKeyOfAlarm(next.alarm.alarmId), payload };
    } catch (error) {
      if (term.aborted) return 'ended';
      if (error instanceof EngineError && error.retriable) return 'later';
      throw error;
    }
  }

  /** Nobody can send what Kafka has forgotten: told, and passed. */
  #vanished(gone: readonly AlarmPosition[], term: AbortSignal): void {
    const ours = gone.filter((position) => this.#isOpen(position, term));
    for (const position of ours) this.#deps.telemetry.event('retry_vanished', fieldsOf(position));
    if (isNonEmpty(ours)) this.#deps.outlet.finished(ours, 'expired');
  }

  async #park(raw: RawAlarm, detail: string, term: AbortSignal): Promise<void> {
    const { deadLetters, clock, random, telemetry, outlet } = this.#deps;
    if (!this.#isOpen(raw.position, term)) return;
    telemetry.event('retry_unreadable', { ...fieldsOf(raw.position), detail });
    for (let failures = 1; !term.aborted; failures += 1) {
      try {
        await deadLetters.park(
          { position: raw.replay?.source ?? raw.position, reason: 'malformed', raw: raw.value, detail },
          term,
        );
        if (this.#isOpen(raw.position, term)) outlet.finished([raw.position], 'malformed');
        return;
      } catch (error) {
        if (!term.aborted && !(error instanceof EngineError && error.retriable)) throw error;
      }
      await clock.sleep(pauseMs(failures, random), term);
    }
  }

  #isOpen(position: AlarmPosition, term: AbortSignal): boolean {
    return !term.aborted && this.#open.has(partitionText(position));
  }

  /** Ends after `ms`, or when something changes. The only timer, however many wait. */
  async #wait(ms: number): Promise<void> {
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    await this.#deps.clock.sleep(Math.max(0, Math.min(idleMs, ms)), this.#wake.signal);
  }

  #ring(): void {
    this.#wake.abort();
  }
}

function recordOf(raw: RawAlarm): RecordedOutcome | EngineError {
  try {
    const read = parseOutcomeRecord(raw.value, {}, raw.position);
    if (read.kind === 'outcome') return read;
    return new EngineError('ALARM_MALFORMED', 'broken record: a parked message is no retry', { retriable: false });
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ALARM_MALFORMED') return error;
    throw error;
  }
}

function pauseMs(failures: number, random: Random): number {
  const fullMs = Math.min(pauses.longestMs, pauses.firstMs * 2 ** Math.min(failures - 1, 10));
  return fullMs * (0.5 + random() / 2);
}

function fieldsOf(at: AlarmPosition): { topic: string; partition: number; offset: string } {
  return { topic: at.topic, partition: at.partition, offset: at.offset.toString() };
}
