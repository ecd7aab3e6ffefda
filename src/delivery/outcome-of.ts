import type { DeliveryError } from '../domain/errors.js';
import type { Attempt, Notification, Verdict } from '../domain/notification.js';
import type { DeadReason, NextRepeat, OutcomeRecord } from '../domain/outcome.js';
import type { Receipt } from '../ports/notifier.js';

/** How often and how soon a failed send is tried again. */
export interface RetryPolicy {
  /** Retries after the first send. */
  readonly maxAttempts: number;
  /** The wait before attempt `attempt` (2, 3, …) where the receiver asked for `askedMs`, or 0. */
  delayMs(attempt: number, askedMs: number): number;
}

/** What follows a send of a method that asks for repeats. */
export interface RepeatPolicy {
  /** The repeat after this send, at least `askedMs` from now; undefined when nothing is to be repeated. */
  next(notification: Notification, nowMs: number, askedMs: number): NextRepeat | undefined;
}

/** How failed sends and told ones go on. */
export interface Policies {
  readonly retry: RetryPolicy;
  readonly repeat: RepeatPolicy;
}

/** The record of a send that the receiver took. */
export function sentRecord(
  notification: Notification,
  receipt: Receipt,
  nowMs: number,
  { repeat }: Pick<Policies, 'repeat'>,
): OutcomeRecord {
  const { history = [] } = notification;
  const nextRepeat = repeat.next(notification, nowMs, 0);
  const more = nextRepeat === undefined ? {} : { nextRepeat };
  return { notification, history, outcome: 'sent', sentAtMs: nowMs, remoteId: receipt.remoteId, ...more };
}

/** The record of a notification that no notifier of ours can send. */
export function unsendableRecord(notification: Notification, detail: string): OutcomeRecord {
  const { history = [] } = notification;
  return { notification, history, outcome: 'dead', reason: 'unknown_type', detail };
}

/** The record of a notification that was decided before a send was tried. */
export function verdictRecord(notification: Notification, verdict: Verdict): OutcomeRecord {
  const { history = [] } = notification;
  return { notification, history, ...verdict };
}

/**
 * The record of a send that was not tried: it counts as no attempt, and adds nothing to the history.
 *
 * A repeat that was put off comes as the next repeat, like one that failed.
 */
export function putOffRecord(
  notification: Notification,
  until: { readonly notBeforeMs: number; readonly detail: string },
  nowMs: number,
  { repeat }: Pick<Policies, 'repeat'>,
): OutcomeRecord {
  const { history = [], putOffCount = 0 } = notification;
  if (notification.repeat > 0)
    return laterRepeat(notification, until.detail, repeat.next(notification, nowMs, until.notBeforeMs - nowMs));
  const waiting = { ...notification, putOffCount: putOffCount + 1 };
  return { notification: waiting, history, outcome: 'retrying', notBeforeMs: until.notBeforeMs, detail: until.detail };
}

/** The record of a repeat that did not reach its receiver: the next one stands in for it, where there is to be one. */
function laterRepeat(notification: Notification, detail: string, nextRepeat: NextRepeat | undefined): OutcomeRecord {
  const { history = [] } = notification;
  if (nextRepeat === undefined) return { notification, history, outcome: 'dead', reason: 'attempts_used_up', detail };
  return { notification, history, outcome: 'retrying', notBeforeMs: nextRepeat.dueAtMs, detail, nextRepeat };
}

function detailOf({ message, wire }: DeliveryError): string {
  return wire === undefined || message.includes(wire) ? message : `${message} (${wire})`;
}

/**
 * The record of a send that failed: `retrying` while the failure may pass and retries are left, otherwise `dead`.
 *
 * A repeat that failed is not tried again by itself: the next repeat is its retry.
 */
export function failedRecord(
  tried: Notification,
  error: DeliveryError,
  nowMs: number,
  { retry, repeat }: Policies,
): OutcomeRecord {
  const { putOffCount: _, ...notification } = tried;
  const { attempt } = notification;
  const askedMs = error.retryAfterMs ?? 0;
  const failed: Attempt = { attempt, atMs: nowMs, failure: error.failure };
  const history = [...(notification.history ?? []), failed];
  const detail = detailOf(error);
  const dead = (reason: DeadReason): OutcomeRecord => ({ notification, history, outcome: 'dead', reason, detail });
  if (error.failure === 'bad_address') return dead('bad_method');
  if (!error.retriable) return dead('refused');
  if (notification.repeat > 0)
    return laterRepeat({ ...notification, history }, detail, repeat.next(notification, nowMs, askedMs));
  if (attempt > retry.maxAttempts) return dead('attempts_used_up');
  const notBeforeMs = nowMs + retry.delayMs(attempt + 1, askedMs);
  return { notification, history, outcome: 'retrying', notBeforeMs, detail };
}
