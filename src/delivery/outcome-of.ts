import type { DeliveryError } from '../domain/errors.js';
import type { Attempt, Notification, Verdict } from '../domain/notification.js';
import type { DeadReason, OutcomeRecord } from '../domain/outcome.js';
import type { Receipt } from '../ports/notifier.js';

/** How often and how soon a failed send is tried again. */
export interface RetryPolicy {
  /** Retries after the first send. */
  readonly maxAttempts: number;
  /** The wait before attempt `attempt` (2, 3, …) where the receiver asked for `askedMs`, or 0. */
  delayMs(attempt: number, askedMs: number): number;
}

/** The record of a send that the receiver took. */
export function sentRecord(notification: Notification, receipt: Receipt, nowMs: number): OutcomeRecord {
  const { history = [] } = notification;
  return { notification, history, outcome: 'sent', sentAtMs: nowMs, remoteId: receipt.remoteId };
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

/** The record of a send that was not tried: it counts as no attempt, and adds nothing to the history. */
export function putOffRecord(notification: Notification, notBeforeMs: number, detail: string): OutcomeRecord {
  const { history = [], putOffCount = 0 } = notification;
  const waiting = { ...notification, putOffCount: putOffCount + 1 };
  return { notification: waiting, history, outcome: 'retrying', notBeforeMs, detail };
}

function detailOf({ message, wire }: DeliveryError): string {
  return wire === undefined || message.includes(wire) ? message : `${message} (${wire})`;
}

/** The record of a send that failed: `retrying` while the failure may pass and retries are left, otherwise `dead`. */
export function failedRecord(
  tried: Notification,
  error: DeliveryError,
  nowMs: number,
  policy: RetryPolicy,
): OutcomeRecord {
  const { putOffCount: _, ...notification } = tried;
  const { attempt } = notification;
  const failed: Attempt = { attempt, atMs: nowMs, failure: error.failure };
  const history = [...(notification.history ?? []), failed];
  const detail = detailOf(error);
  const dead = (reason: DeadReason): OutcomeRecord => ({ notification, history, outcome: 'dead', reason, detail });
  if (error.failure === 'bad_address') return dead('bad_method');
  if (!error.retriable) return dead('refused');
  if (attempt > policy.maxAttempts) return dead('attempts_used_up');
  const notBeforeMs = nowMs + policy.delayMs(attempt + 1, error.retryAfterMs ?? 0);
  return { notification, history, outcome: 'retrying', notBeforeMs, detail };
}
