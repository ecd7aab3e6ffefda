import type { DeliveryError } from '../domain/errors.js';
import type { Attempt, Notification } from '../domain/notification.js';
import type { DeadReason, OutcomeRecord } from '../domain/outcome.js';
import type { Receipt } from '../ports/notifier.js';
import type { Random } from '../ports/system.js';
import { type RetryPolicy, retryDelayMs } from '../retry/retry-policy.js';

/** When a send ended, and what may come after it. */
export interface OutcomeFacts {
  readonly nowMs: number;
  readonly policy: RetryPolicy;
  readonly random: Random;
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

function detailOf(error: DeliveryError): string {
  return error.wire === undefined ? error.message : `${error.message} (${error.wire})`;
}

/** The record of a send that failed: `retrying` while the failure may pass and retries are left, otherwise `dead`. */
export function failedRecord(notification: Notification, error: DeliveryError, facts: OutcomeFacts): OutcomeRecord {
  const { attempt } = notification;
  const failed: Attempt = { attempt, atMs: facts.nowMs, failure: error.failure };
  const history = [...(notification.history ?? []), failed];
  const detail = detailOf(error);
  const dead = (reason: DeadReason): OutcomeRecord => ({ notification, history, outcome: 'dead', reason, detail });
  if (error.failure === 'bad_address') return dead('bad_method');
  if (!error.retriable) return dead('refused');
  if (attempt > facts.policy.maxAttempts) return dead('attempts_used_up');
  const delayMs = retryDelayMs(attempt + 1, facts.policy, error.retryAfterMs ?? 0, facts.random);
  return { notification, history, outcome: 'retrying', notBeforeMs: facts.nowMs + delayMs, detail };
}
