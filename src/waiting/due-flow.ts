import type { RawAlarm } from '../domain/alarm.js';
import { encodeNotificationGroup } from '../domain/codec.js';
import { EngineError } from '../domain/errors.js';
import type { Notification } from '../domain/notification.js';
import type { FinishReason } from '../domain/outcome.js';
import { orderKeyOfAlarm } from '../domain/parse-alarm.js';
import { parseOutcomeRecord, type RecordedOutcome } from '../domain/parse-outcome-record.js';
import { type AlarmPosition, isNonEmpty, type NonEmpty } from '../domain/position.js';
import type { Parcel } from '../ports/flow.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** In what the things that wait differ: when each is due, and what becomes of it then. */
export interface WaitingPlan {
  /** Epoch milliseconds; undefined is at once. */
  dueAtMs(record: RecordedOutcome): number | undefined;
  /** A record was read: what is asked about earlier ones may depend on it. */
  saw(record: RecordedOutcome): void;
  /**
   * What goes into the flow, with a verdict where nothing is to be sent; undefined for a mere copy of something else, which ends here.
   * @throws EngineError, retriable, while an outside system does not answer: for want of an answer nothing is decided.
   */
  next(record: RecordedOutcome, nowMs: number, signal: AbortSignal): Promise<Notification | undefined>;
}

/** The side of main: learns what is held, what goes into the flow and what ended here. */
export interface WaitingOutlet {
  held(positions: NonEmpty<AlarmPosition>): void;
  finished(positions: NonEmpty<AlarmPosition>, reason: FinishReason): void;
  /** Waits until there is room in the flow, and tells for how many of so many; 0 when the term has ended. */
  room(count: number): Promise<number>;
  /** What room was told of and is not needed is free again. */
  done(): void;
  /** Resolves when all are on their way, or void. */
  give(parcels: NonEmpty<Parcel>): Promise<void>;
}

/** Who holds what waits. All that it is asked is of one term, and void after it. */
export interface Holder {
  isOpen(position: AlarmPosition, term: AbortSignal): boolean;
  /** It could not be decided now: it waits a little longer. */
  again(position: AlarmPosition, term: AbortSignal): void;
  park(raw: RawAlarm, detail: string, term: AbortSignal): Promise<void>;
  /** So many have been decided; none, though some were asked for: an outside system is away. */
  progressed(count: number, term: AbortSignal): void;
}

export interface DueFlowDeps {
  readonly plan: WaitingPlan;
  readonly outlet: WaitingOutlet;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** A record that was fetched shortly before its time. */
export interface Fetched {
  readonly raw: RawAlarm;
  readonly dueAtMonoMs: number;
}

interface Decided extends Fetched {
  readonly parcel: Parcel;
}

/** A decision that had to wait longer for room in the flow is made anew: the alarm may have moved on. */
const freshMs = 250;

/** Decides what becomes of fetched records when their time has come, and gives them to the flow as it has room. */
export class DueFlow {
  readonly #deps: DueFlowDeps;
  readonly #holder: Holder;
  readonly #wallMinusMonoMs: number;

  constructor(deps: DueFlowDeps, holder: Holder) {
    this.#deps = deps;
    this.#holder = holder;
    this.#wallMinusMonoMs = deps.clock.nowMs() - deps.clock.monoMs();
  }

  /** `fetched` in the order of their times. Resolves when all are given, have ended, or wait again. @throws what waiting cannot cure. */
  async give(fetched: readonly Fetched[], term: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let left = fetched;
    while (!term.aborted) {
      const [first] = left;
      if (first === undefined) return;
      const earlyMs = first.dueAtMonoMs - clock.monoMs();
      if (earlyMs > 0) await clock.sleep(Math.ceil(earlyMs), term);
      const nowMonoMs = clock.monoMs();
      const isDue = ({ dueAtMonoMs }: Fetched) => dueAtMonoMs <= nowMonoMs;
      const due = left.filter(isDue);
      // Timers drop fractions of a millisecond: nothing is due yet, which is no failure of anything.
      if (due.length === 0) continue;
      left = left.filter((one) => !isDue(one));
      await this.#giveDecided(await this.#decide(due, term), nowMonoMs, term);
    }
  }

  /** As much at a time as there is room for. */
  async #giveDecided(all: readonly Decided[], decidedAtMonoMs: number, term: AbortSignal): Promise<void> {
    const { outlet, clock } = this.#deps;
    let left = all;
    try {
      while (left.length > 0 && !term.aborted) {
        const count = await outlet.room(left.length);
        if (count === 0) return;
        const first = left.slice(0, count);
        left = left.slice(count);
        const isFresh = clock.monoMs() - decidedAtMonoMs <= freshMs;
        const decided = isFresh ? first : await this.#decide(first, term);
        const parcels = decided.map(({ parcel }) => parcel);
        if (isNonEmpty(parcels)) await outlet.give(parcels);
      }
    } finally {
      outlet.done();
    }
  }

  /** What is to be given, in the order of `due`. The others have ended, or wait again. */
  async #decide(due: readonly Fetched[], term: AbortSignal): Promise<readonly Decided[]> {
    const answers = await Promise.all(due.map(({ raw }) => this.#parcelOf(raw, term)));
    const decided: Decided[] = [];
    let laterCount = 0;
    for (const [index, one] of due.entries()) {
      const answer = answers[index] ?? 'later';
      if (!this.#holder.isOpen(one.raw.position, term)) continue;
      if (answer === 'later') {
        laterCount += 1;
        this.#holder.again(one.raw.position, term);
      } else if (answer !== 'ended') decided.push({ ...one, parcel: answer });
    }
    this.#holder.progressed(due.length - laterCount, term);
    return decided;
  }

  async #parcelOf(raw: RawAlarm, term: AbortSignal): Promise<Parcel | 'later' | 'ended'> {
    const { plan, clock, outlet, telemetry } = this.#deps;
    const { position } = raw;
    const record = recordOf(raw);
    if (record instanceof EngineError) {
      await this.#holder.park(raw, record.message, term);
      return 'ended';
    }
    try {
      const next = await plan.next(record, this.#wallMinusMonoMs + clock.monoMs(), term);
      if (next !== undefined) {
        const payload = encodeNotificationGroup({ position, notifications: [next] });
        return { position, orderKey: orderKeyOfAlarm(next.alarm.alarmId), payload };
      }
      telemetry.event('waiting_copy_dropped', { ...position });
      if (this.#holder.isOpen(position, term)) outlet.finished([position], 'recorded');
      return 'ended';
    } catch (error) {
      if (term.aborted) return 'ended';
      if (error instanceof EngineError && error.retriable) return 'later';
      throw error;
    }
  }
}

/** What the message says; an error when it is no outcome record. */
export function recordOf(raw: RawAlarm): RecordedOutcome | EngineError {
  try {
    const read = parseOutcomeRecord(raw.value, {}, raw.position);
    if (read.kind === 'outcome') return read;
    return new EngineError('ALARM_MALFORMED', 'broken record: a parked message is no retry', { retriable: false });
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ALARM_MALFORMED') return error;
    throw error;
  }
}
