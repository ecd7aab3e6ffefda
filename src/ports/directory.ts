import type { Alarm } from '../domain/alarm.js';
import type { NotificationMethod } from '../domain/notification.js';

/** A method that asked for digests. Not bound to the present state of the alarm: to it the alarm is over. */
export interface DigestBinding {
  readonly method: NotificationMethod;
  readonly isBound: boolean;
}

/** Who asked for an alarm, by the way in which they wish to hear of it. Each list in row order, without duplicates. */
export interface AskedMethods {
  /** Those that asked for this state. */
  readonly immediate: readonly NotificationMethod[];
  /** Those that asked for any state. */
  readonly digest: readonly DigestBinding[];
  /** Set when there may be more than so many rows, of which the rest was not read. */
  readonly unreadBeyond?: number | undefined;
}

export interface MethodDirectory {
  /**
   * Finds how the owner of an alarm wishes to be notified of this state. In row order, without duplicates.
   * Empty means that nobody asked, a normal answer; it never means that the question could not be put. Ask one by one: the adapter
   * gathers the questions that are open at one time into one query.
   * @throws DIRECTORY_UNAVAILABLE, retriable, when MySQL cannot be reached, is late or refuses. The alarm waits.
   */
  methodsFor(alarm: Alarm, signal: AbortSignal): Promise<readonly NotificationMethod[]>;
  /** The same with those that asked for digests, which `methodsFor` leaves out. One question, so that no method is missed that changes its delivery meanwhile. */
  askedFor(alarm: Alarm, signal: AbortSignal): Promise<AskedMethods>;
  /** Whether any method may ask for digests; without it an alarm that is too old needs no lookup. @throws DIRECTORY_UNAVAILABLE. */
  mayHaveDigests(signal: AbortSignal): Promise<boolean>;
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
