import type { Random } from '../../ports/system.js';

const FIRST_MS = 100;
const LONGEST_MS = 2_000;

/**
 * How long to wait after `failures` failures in a row (1, 2, …), in milliseconds.
 *
 * Doubles from 100 ms up to 2 s, then takes a random point in the upper half, so that engines that lost one broker together do not
 * return to it together.
 */
export function pauseMs(failures: number, random: Random): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return ceiling / 2 + (random() * ceiling) / 2;
}
