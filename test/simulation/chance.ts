import type { Random } from '../../src/ports/system.js';

/** Chance that one number decides: the same number draws the same row for ever. */
export class Chance {
  #state: number;

  constructor(seed: number, stream = 0) {
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35)) >>> 0;
    for (let step = 0; step < 3; step += 1) this.number();
  }

  /** In [0, 1). */
  readonly number: Random = () => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  between(least: number, most: number): number {
    return least + this.number() * (most - least);
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.number() * (most - least + 1));
  }

  is(probability: number): boolean {
    return this.number() < probability;
  }

  one<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.number() * list.length)] ?? list[0];
  }

  /** Mostly short, sometimes ten times as long: as ways through a network are. */
  delayMs(usualMs: number): number {
    const factor = this.is(0.05) ? 10 : 1;
    return usualMs * factor * (0.3 + this.number() * 1.4);
  }
}
