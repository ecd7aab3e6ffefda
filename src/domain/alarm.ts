import type { EventFacts } from './event-facts.js';
import type { Positioned } from './position.js';

/** One Kafka message, not yet understood. `recordedAtMs` is the time that Kafka holds for it, epoch milliseconds. */
export interface RawAlarm extends Positioned {
  readonly value: Uint8Array;
  readonly recordedAtMs: number;
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
