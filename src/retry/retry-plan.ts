import { type Alarm, isSameState } from '../domain/alarm.js';
import type { Notification, Verdict } from '../domain/notification.js';
import type { RecordedOutcome } from '../domain/parse-outcome-record.js';
import type { MethodDirectory } from '../ports/directory.js';
import type { WaitingPlan } from '../waiting/due-flow.js';
import { Newest } from '../waiting/newest.js';

export interface RetryPlanOptions {
  readonly directory: MethodDirectory;
  /** The pause after an attempt whose record does not say when the next one is due: the ancestor's. */
  readonly intervalMs: number;
  /** Undefined: alarms never expire. */
  readonly ttlMs: number | undefined;
}

type Transition = Pick<Alarm, 'changedAtMs' | 'position'>;

/**
 * What becomes of a retry that is due: the next attempt, with the method as it is now, or the verdict that there is none.
 *
 * The alarm must not be older than the time to live, and must not have moved on: neither by a newer transition that was seen among the
 * retries, nor by the state that the database has. A state that the database does not know says nothing.
 */
export class RetryPlan implements WaitingPlan {
  readonly #options: RetryPlanOptions;
  readonly #newest = new Newest<Transition>((one, other) => one.changedAtMs > other.changedAtMs);

  constructor(options: RetryPlanOptions) {
    this.#options = options;
  }

  dueAtMs({ notBeforeMs, lastTriedAtMs }: RecordedOutcome): number | undefined {
    return notBeforeMs ?? (lastTriedAtMs === undefined ? undefined : lastTriedAtMs + this.#options.intervalMs);
  }

  saw({ notification: { alarm } }: RecordedOutcome): void {
    // Not the whole alarm: its texts would stay in memory.
    this.#newest.saw(alarm.alarmId, { changedAtMs: alarm.changedAtMs, position: alarm.position });
  }

  async next(record: RecordedOutcome, nowMs: number, signal: AbortSignal): Promise<Notification> {
    const { directory, ttlMs } = this.#options;
    const { alarm, method } = record.notification;
    const attempt = record.triedCount + 1;
    const next: Notification = { ...record.notification, attempt, history: record.history };
    const decided = (verdict: Verdict): Notification => ({ ...next, verdict });
    if (ttlMs !== undefined && nowMs - alarm.changedAtMs > ttlMs) return decided({ outcome: 'expired' });
    const newer = this.#newest.after(alarm.alarmId, alarm);
    if (newer !== undefined) return decided({ outcome: 'superseded', by: newer.position });
    const [current, state] = await Promise.all([
      directory.methodById(method.id, signal),
      directory.alarmState(alarm.alarmId, signal),
    ]);
    if (state !== undefined && !isSameState(state, alarm.newState)) {
      return decided({ outcome: 'superseded', by: undefined });
    }
    if (current !== undefined) return { ...next, method: current };
    return decided({ outcome: 'dead', reason: 'method_gone', detail: 'the method was deleted while the retry waited' });
  }
}
