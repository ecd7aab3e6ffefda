import type { EventFacts } from './event-facts.js';
import type { DeadReason } from './outcome.js';
import type { AlarmPosition, Positioned } from './position.js';

/** What a person has sent through the engine again: where it was read first, which is its identity, and why it was parked. */
export interface ReplayedMessage {
  readonly source: AlarmPosition;
  readonly reason: DeadReason;
}

/** One Kafka message, not yet understood. `recordedAtMs` is the time that Kafka holds for it, epoch milliseconds. */
export interface RawAlarm extends Positioned {
  readonly value: Uint8Array;
  readonly recordedAtMs: number;
  readonly replay?: ReplayedMessage;
  /** A copy of an event that was read before, and is to be dropped. */
  readonly isKnown?: true;
}

/** A change of state that a tenant asked to hear about. What a 2014 alarm does not carry is undefined. */
export interface Alarm extends Positioned {
  readonly alarmId: string;
  readonly alarmName: string;
  readonly alarmDescription: string;
  readonly alarmDefinitionId: string | undefined;
  readonly tenantId: string;
  readonly oldState: string;
  readonly newState: string;
  readonly stateChangeReason: string;
  readonly severity: string | undefined;
  readonly link: string | undefined;
  readonly lifecycleState: string | undefined;
  readonly metrics: readonly unknown[];
  readonly actionsEnabled: boolean;
  /** Epoch milliseconds, from `timestamp` in whichever unit it came. */
  readonly changedAtMs: number;
  /** What producers of this package say besides; absent in a plain message. Read it through the functions of `event-facts.ts`. */
  readonly event?: EventFacts;
  /** The time that Kafka holds for the message, epoch milliseconds. */
  readonly recordedAtMs: number;
  /** The object inside `alarm-transitioned` as it came, unknown fields included: JSON text. */
  readonly rawAlarm: string;
}

/** States are compared as MySQL compares them: letter case and blanks at the end do not count. */
export function isSameState(one: string, other: string): boolean {
  return one.trimEnd().toLowerCase() === other.trimEnd().toLowerCase();
}
