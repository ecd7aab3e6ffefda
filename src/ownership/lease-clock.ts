/**
 * How much sooner than the session our trust in a lock ends: the longest step between a look at the lease and the last byte of a send.
 *
 * One second or a sixth of the session, whichever is longer; a third of it where sessions are as short as in tests.
 */
export function leaseMarginMs(negotiatedTimeoutMs: number): number {
  return Math.min(Math.max(1000, negotiatedTimeoutMs / 6), negotiatedTimeoutMs / 3);
}

/**
 * When the lease ends, in monotonic milliseconds.
 *
 * Counted from the moment at which the last answered request was *sent*: the server's own count may have begun then, and an answer that
 * travelled for a second is a second of trust that nobody gave.
 */
export function leaseEndsAtMonoMs(
  lastAnsweredSentAtMonoMs: number,
  negotiatedTimeoutMs: number,
  marginMs: number,
): number {
  return lastAnsweredSentAtMonoMs + negotiatedTimeoutMs - marginMs;
}
