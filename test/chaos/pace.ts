import { nowMs } from './history.js';

/** Lets time pass: how long a fault lasts and when the next one comes is what a chaos run is made of. Tests wait for conditions. */
export async function lasting(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Until a moment of `nowMs`; at once when it is past. */
export async function until(atMs: number): Promise<void> {
  await lasting(atMs - nowMs());
}
