import type { Attempt, Notification } from './notification.js';
import type { AlarmPosition, NonEmpty, Positioned } from './position.js';

export const deadReasons = [
  'refused',
  'attempts_used_up',
  'unknown_type',
  'bad_method',
  'method_gone',
  'killed_workers',
  'malformed',
] as const;
/** Why something was parked. A closed set: it labels metrics. */
export type DeadReason = (typeof deadReasons)[number];

export type { Attempt };

/** The topic on which a repeat waits, and until when, in epoch milliseconds. */
export interface NextRepeat {
  readonly topic: string;
  readonly dueAtMs: number;
}

/** What is published per method; the outcome selects the topic. With a next repeat it is also what that repeat is made from. */
export type OutcomeRecord = Readonly<
  { notification: Notification; history: readonly Attempt[]; nextRepeat?: NextRepeat } & (
    | { outcome: 'sent'; sentAtMs: number; remoteId: string | undefined }
    | { outcome: 'retrying'; notBeforeMs: number; detail: string }
    | { outcome: 'dead'; reason: DeadReason; detail: string }
    | { outcome: 'superseded'; by: AlarmPosition | undefined; detail?: string }
    | { outcome: 'expired' }
    | { outcome: 'digested' }
  )
>;
export type MethodOutcome = OutcomeRecord['outcome'];
export const methodOutcomes = [
  'sent',
  'retrying',
  'dead',
  'superseded',
  'expired',
  'digested',
] as const satisfies MethodOutcome[];

/** An alarm of which every method has its outcome; not finished until all records are acknowledged. */
export interface SettledAlarm extends Positioned {
  readonly records: NonEmpty<OutcomeRecord>;
}

/** Input that never became an alarm, or that kills what touches it: kept as raw bytes. */
export interface DeadLetter extends Positioned {
  readonly reason: DeadReason;
  readonly raw: Uint8Array;
  readonly detail: string;
}

export const finishReasons = [
  'recorded',
  'malformed',
  'expired',
  'disabled',
  'no_methods',
  'quarantined',
  'duplicate',
  'digested',
  'not_folded',
] as const;
export type FinishReason = (typeof finishReasons)[number];

export interface FinishedAlarm extends Positioned {
  readonly reason: FinishReason;
}

/** Where an item goes next. There is no third answer. */
export type StageOutcome<Out> = Readonly<{ kind: 'forward'; item: Out } | { kind: 'finish'; reason: FinishReason }>;
