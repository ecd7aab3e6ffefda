export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** More doublings than any pause of ours has room for; without a bound the power would end up infinite. */
const mostDoublings = 20;

/**
 * How long to wait after `failures` failures in a row (1, 2, …), in milliseconds.
 *
 * Doubles from `firstMs` up to `longestMs`, then takes a random point in the upper half, so that those who lost one server together do not
 * return to it together.
 */
export function backOffMs({ firstMs, longestMs }: BackOff, failures: number, random: () => number): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, mostDoublings));
  return fullMs * (0.5 + random() / 2);
}
