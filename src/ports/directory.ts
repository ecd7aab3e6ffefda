import type { Alarm } from '../domain/alarm.js';
import type { NotificationMethod } from '../domain/notification.js';

export interface MethodDirectory {
  /**
   * Finds how the owner of an alarm wishes to be notified of this state. In row order, without duplicates.
   * Empty means that nobody asked, a normal answer; it never means that the question could not be put. Ask one by one: the adapter
   * gathers the questions that are open at one time into one query.
   * @throws DIRECTORY_UNAVAILABLE, retriable, when MySQL cannot be reached, is late or refuses. The alarm waits.
   */
  methodsFor(alarm: Alarm, signal: AbortSignal): Promise<readonly NotificationMethod[]>;
  /** Undefined when the row is gone: a retry or a repeat then has nobody to go to. */
  methodById(id: string, signal: AbortSignal): Promise<NotificationMethod | undefined>;
  /**
   * The state in which an alarm is now, as the database has it: at least as new as any transition that was published. Undefined where there
   * is no such row, or where this database keeps no states.
   */
  alarmState(alarmId: string, signal: AbortSignal): Promise<string | undefined>;
  /** One cheap question, to learn whether lookups would be answered. @throws DIRECTORY_UNAVAILABLE. */
  ping(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
