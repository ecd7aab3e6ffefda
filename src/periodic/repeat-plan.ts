import { isSameState } from '../domain/alarm.js';
import { identityOf, type Notification, notificationId } from '../domain/notification.js';
import type { RecordedOutcome } from '../domain/parse-outcome-record.js';
import type { AlarmPosition } from '../domain/position.js';
import type { MethodDirectory } from '../ports/directory.js';
import type { WaitingPlan } from '../waiting/due-flow.js';
import { isWrittenLater, Newest } from '../waiting/newest.js';
import { isRepeated } from './repeat-policy.js';

/** One link of the chain of repeats of an alarm to a method: what was told last, and where that is on record. */
interface Link {
  readonly changedAtMs: number;
  readonly repeat: number;
  readonly readAt: AlarmPosition;
  readonly alarmAt: AlarmPosition;
}

/**
 * What becomes of a repeat that is due: the next telling, with the method as it is now, or the verdict that the repeats end.
 *
 * They end when the alarm is not confirmed to be in its state any more, when a newer transition of it is repeated, and when the method was
 * deleted, taken from the alarm, or asks for no repeats. The age of the alarm does not end them: the database has just said that it goes on.
 *
 * A crash may leave a link on the topic twice, or beside the one that follows it. All links of a chain lie in one partition; only the last
 * one goes on, or the alarm would be told twice per period from then on.
 */
export class RepeatPlan implements WaitingPlan {
  readonly #directory: MethodDirectory;
  readonly #newest = new Newest<Link>(isLater);

  constructor(directory: MethodDirectory) {
    this.#directory = directory;
  }

  /** A record of the ancestor does not say when: one period after the last telling. */
  dueAtMs({ notBeforeMs, lastTriedAtMs, notification }: RecordedOutcome): number | undefined {
    return notBeforeMs ?? (lastTriedAtMs === undefined ? undefined : lastTriedAtMs + notification.method.periodMs);
  }

  saw(record: RecordedOutcome): void {
    this.#newest.saw(chainOf(record), linkOf(record));
  }

  async next(record: RecordedOutcome, nowMs: number, signal: AbortSignal): Promise<Notification | undefined> {
    const { notification } = record;
    const { alarm, method, repeat } = notification;
    const own = linkOf(record);
    const newer = this.#newest.after(chainOf(record), own);
    if (newer?.changedAtMs === own.changedAtMs) return undefined;
    // A replay was of the telling before: this one is no more by hand than those that follow it.
    const { replay: _, ...told } = notification;
    const next: Notification = {
      ...told,
      id: idOf(record, repeat + 1),
      attempt: 1,
      repeat: repeat + 1,
      dueAtMs: this.dueAtMs(record) ?? nowMs,
    };
    const ended = (detail: string, by?: AlarmPosition): Notification => {
      return { ...next, verdict: { outcome: 'superseded', by, detail } };
    };
    if (newer !== undefined) return ended('a newer transition of the alarm is repeated', newer.alarmAt);
    if (!isRepeated(alarm)) return ended('alarms of this state or source are not repeated');
    const [methods, state] = await Promise.all([
      this.#directory.methodsFor(alarm, signal),
      this.#directory.alarmState(alarm.alarmId, signal),
    ]);
    if (state === undefined) return ended('the database has no state of this alarm');
    if (!isSameState(state, alarm.newState)) return ended(`the alarm is in state ${state}`);
    const current = methods.find(({ id }) => id === method.id);
    if (current === undefined) return ended('the method was deleted or taken from the alarm');
    return current.periodMs > 0 ? { ...next, method: current } : ended('the method asks for no repeats any more');
  }
}

/** Ids of alarms are their tenants' own: another tenant may have the same one, and a method that both tell. */
function chainOf({ notification: { alarm, method } }: RecordedOutcome): string {
  return JSON.stringify([alarm.tenantId, alarm.alarmId, method.id]);
}

function linkOf({ notification: { alarm, repeat, position } }: RecordedOutcome): Link {
  return { changedAtMs: alarm.changedAtMs, repeat, readAt: position, alarmAt: alarm.position };
}

/** By transition, then by number; of copies the one that was written last. */
function isLater(one: Link, other: Link): boolean {
  if (one.changedAtMs !== other.changedAtMs) return one.changedAtMs > other.changedAtMs;
  if (one.repeat !== other.repeat) return one.repeat > other.repeat;
  return isWrittenLater(one.readAt, other.readAt);
}

/** A record of the ancestor has an identity of its own making; what follows from it has a source position like any other. */
function idOf({ outcome, notification }: RecordedOutcome, repeat: number) {
  const { id, alarm, method } = notification;
  return outcome === undefined ? identityOf([id, String(repeat)]) : notificationId(alarm.position, method.id, repeat);
}
