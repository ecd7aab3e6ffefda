import type { RetryPolicy } from '../delivery/outcome-of.js';
import type { Random } from '../ports/system.js';

/** Pauses double from `baseMs` to `capMs`. */
export interface RetryPauses {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * How long to wait before attempt `attempt` (2, 3, …), in milliseconds.
 *
 * Doubles from `baseMs` up to `capMs`, then takes a random point in the upper half, so that what failed together does not return
 * together. A wait asked for by the remote side, spread in the same way, wins if it is longer. Source: RFC 9110 10.2.3 for Retry-After.
 */
export function retryDelayMs(attempt: number, pauses: RetryPauses, askedMs: number, random: Random): number {
  const fullMs = Math.min(pauses.baseMs * 2 ** (attempt - 2), pauses.capMs);
  const spreadMs = (random() * fullMs) / 2;
  return Math.round(Math.max(fullMs / 2, askedMs) + spreadMs);
}

/** The policy of `retry.interval` and `retry.max_attempts`: the latter counts retries after the first send. */
export function retryPolicy(settings: RetryPauses & { readonly maxAttempts: number }, random: Random): RetryPolicy {
  return {
    maxAttempts: settings.maxAttempts,
    delayMs: (attempt, askedMs) => retryDelayMs(attempt, settings, askedMs, random),
  };
}
