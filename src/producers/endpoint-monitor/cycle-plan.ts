/** How the checks of one cycle lie in time; everything in milliseconds from the planned start of the cycle. */
export interface CyclePlan {
  readonly everyMs: number;
  /** Between one start and the next. */
  readonly spacingMs: number;
  /** A cycle that begins later than this would measure too little to say anything. */
  readonly latestMs: number;
  /** No check lasts longer. */
  readonly limitMs: number;
  /** All checks have ended by then. */
  readonly endMs: number;
}

const usualPerSecond = 500;
/** What one core starts and hears of without its own work showing in what it measures. */
const fastPerSecond = 600;

/**
 * The time that one check is given: a second less than the cycle, so that a slow answer is still an answer, and the cycle ends before the
 * next one begins.
 */
export function checkLimitMs(everyMs: number): number {
  return everyMs > 1_000 ? everyMs - 1_000 : 0.8 * everyMs;
}

/**
 * Plans the cycle of `count` checks.
 *
 * They start at 500 a second when that fits into half of what the limit leaves free of the cycle, else in exactly that time, but not faster
 * than a core can do without delaying its own answers: then the last starts have less time than the limit, never less than twice the
 * threshold while there is a choice, and they come in the first half of the cycle.
 */
export function planCycle(count: number, everyMs: number, thresholdMs: number): CyclePlan {
  const limitMs = checkLimitMs(everyMs);
  const marginMs = (everyMs - limitMs) / 2;
  const endMs = everyMs - marginMs;
  const latestMs = Math.max(marginMs, Math.min(everyMs / 2, endMs - 2 * thresholdMs));
  const unhurriedMs = (count * 1_000) / usualPerSecond;
  const fastMs = (count * 1_000) / fastPerSecond;
  const spreadMs = Math.min(unhurriedMs, Math.max(marginMs, Math.min(fastMs, latestMs)));
  return { everyMs, spacingMs: spreadMs / count, latestMs, limitMs, endMs };
}
