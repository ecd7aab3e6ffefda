import type { Notification, Verdict } from '../domain/notification.js';
import type { RecordedOutcome } from '../domain/parse-outcome-record.js';
import type { MethodDirectory } from '../ports/directory.js';
import type { NewestTransitions } from './newest-transitions.js';

export interface DecisionDeps {
  readonly directory: MethodDirectory;
  readonly newest: NewestTransitions;
  /** Undefined: alarms never expire. */
  readonly ttlMs: number | undefined;
}

const fold = (state: string) => state.trimEnd().toLowerCase();

/**
 * What becomes of a retry that is due: the next attempt, with the method as it is now, or the verdict that there is none.
 *
 * The alarm must not be older than the time to live, which counts anew from a replay, and must not have moved on: neither by a newer transition that was seen among the
 * retries, nor by the state that the database has. A state that the database does not know says nothing.
 * @throws DIRECTORY_UNAVAILABLE, retriable, while MySQL does not answer: for want of an answer nothing is decided.
 */
export async function nextAttempt(
  record: RecordedOutcome,
  { directory, newest, ttlMs }: DecisionDeps,
  nowMs: number,
  signal: AbortSignal,
): Promise<Notification> {
  const { alarm, method } = record.notification;
  const attempt = record.triedCount + 1;
  const next: Notification = { ...record.notification, attempt, history: record.history };
  const decided = (verdict: Verdict): Notification => ({ ...next, verdict });
  const livesFromMs = Math.max(alarm.changedAtMs, record.notification.replay?.atMs ?? 0);
  if (ttlMs !== undefined && nowMs - livesFromMs > ttlMs) return decided({ outcome: 'expired' });
  const newer = newest.after(alarm);
  if (newer !== undefined) return decided({ outcome: 'superseded', by: newer });
  const [current, state] = await Promise.all([
    directory.methodById(method.id, signal),
    directory.alarmState(alarm.alarmId, signal),
  ]);
  if (state !== undefined && fold(state) !== fold(alarm.newState)) {
    return decided({ outcome: 'superseded', by: undefined });
  }
  if (current !== undefined) return { ...next, method: current };
  return decided({ outcome: 'dead', reason: 'method_gone', detail: 'the method was deleted while the retry waited' });
}
