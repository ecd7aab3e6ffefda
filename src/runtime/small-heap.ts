import { setFlagsFromString } from 'node:v8';

/** Bounds the nursery of a process that is started with it. */
export const smallNursery = '--max-semi-space-size=4';

/**
 * Collects the old generation when it has grown by half; Node lets it grow to four times, and a host runs ten of us. Set from inside, because a
 * version of Node that does not know a flag would not start with it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}

/** Keeps the nursery of this process at what it is: collected more often, each time in a moment. For those that measure latencies. */
export function keepPausesShort(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
