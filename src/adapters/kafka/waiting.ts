import { backOffMs } from '../../domain/back-off.js';
import type { Random } from '../../ports/system.js';

const PAUSES = { firstMs: 100, longestMs: 2_000 } as const;

/** How long to wait after `failures` failures in a row (1, 2, …) of Kafka, in milliseconds: 100 ms to 2 s, each cut by up to half. */
export function pauseMs(failures: number, random: Random): number {
  return backOffMs(PAUSES, failures, random);
}
