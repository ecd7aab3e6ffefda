import type { Random } from '../ports/system.js';

export interface RetryPolicy {
  /** The first pause. */
  readonly baseMs: number;
  /** The longest pause. */
  readonly capMs: number;
  /** Retries after the first send. */
  readonly maxAttempts: number;
}

/**
 * How long to wait before attempt `attempt` (2, 3, …), in milliseconds.
 *
 * Doubles from `baseMs` up to `capMs`, then takes a random point in the upper half, so that what failed together does not return
 * together. A wait asked for by the remote side wins if it is longer. Source: RFC 9110 10.2.3 for Retry-After.
 */
export function retryDelayMs(
  attempt: number,
  policy: Pick<RetryPolicy, 'baseMs' | 'capMs'>,
  askedMs: number,
  random: Random,
): number {
  const fullMs = Math.min(policy.baseMs * 2 ** (attempt - 2), policy.capMs);
  return Math.max(Math.round(fullMs / 2 + (random() * fullMs) / 2), askedMs);
}
