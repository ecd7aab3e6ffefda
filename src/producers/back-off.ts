import type { Random } from '../ports/system.js';

/** Pauses between the quick attempts: what fails now nearly always succeeds a moment later. */
const quickMs = [100, 250, 500, 1_000, 2_000] as const;
const slowFirstMs = 2_000;
const slowLongestMs = 30_000;
const startMs = [1_000, 2_000, 5_000, 10_000, 30_000] as const;
const spread = 0.2;

/** How long to wait after `attempts` quick attempts in a row have failed, in milliseconds, give or take a fifth. */
export function quickPauseMs(attempts: number, random: Random): number {
  return jittered(quickMs[Math.min(attempts, quickMs.length) - 1] ?? quickMs[0], random);
}

/** The same for what is never given up: after `quickAttempts` it goes on every 2, 4, 8 … 30 s. */
export function lastingPauseMs(attempts: number, quickAttempts: number, random: Random): number {
  if (attempts < quickAttempts) return quickPauseMs(attempts, random);
  return jittered(Math.min(slowLongestMs, slowFirstMs * 2 ** Math.min(attempts - quickAttempts, 10)), random);
}

/** How long to wait for a server that a program cannot start without: 1, 2, 5, 10, then 30 s. */
export function startPauseMs(attempts: number, random: Random): number {
  return jittered(startMs[Math.min(attempts, startMs.length) - 1] ?? startMs[0], random);
}

function jittered(ms: number, random: Random): number {
  return ms * (1 - spread + 2 * spread * random());
}
