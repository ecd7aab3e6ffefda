import { setFlagsFromString } from 'node:v8';

/** Before the old generation is collected it may grow by half; Node lets it grow to four times. */
const growth = '--heap-growing-percent=50';

/** What keeps a worker's memory small. Node would rather grow than collect, and a host runs ten of them. */
export const smallHeapFlags: readonly string[] = ['--max-semi-space-size=4', growth];

/** The same for this process, as far as that can be changed when it runs already: its nursery is for NODE_OPTIONS to bound. */
export function keepHeapSmall(): void {
  setFlagsFromString(growth);
}

/** Keeps the nursery of this process at what it is: collected more often, each time in a moment. For those that measure latencies. */
export function keepPausesShort(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
