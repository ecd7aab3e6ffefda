import type { Chance } from './chance.js';
import type { SimProcess } from './process.js';
import type { Scheduler } from './scheduler.js';

/**
 * The way between one host and one server outside: in order, as on one connection, each direction with its own delay and its own silence.
 *
 * A silence drops nothing: what is sent meanwhile arrives after it, as TCP repeats it. A connection that breaks loses what is on the way back.
 */
export class Network {
  readonly chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #usualMs: number;
  #slowUntilMs = 0;
  #slowMs = 0;
  readonly #silentUntilMs = { there: 0, back: 0 };
  readonly #lastAtMs = { there: 0, back: 0 };

  constructor(scheduler: Scheduler, chance: Chance, usualMs: number) {
    this.#scheduler = scheduler;
    this.chance = chance;
    this.#usualMs = usualMs;
  }

  silence(direction: 'there' | 'back' | 'both', ms: number): void {
    const untilMs = this.#scheduler.nowMs + ms;
    if (direction !== 'back') this.#silentUntilMs.there = untilMs;
    if (direction !== 'there') this.#silentUntilMs.back = untilMs;
  }

  slow(byMs: number, ms: number): void {
    this.#slowMs = byMs;
    this.#slowUntilMs = this.#scheduler.nowMs + ms;
  }

  there(run: () => void): void {
    this.#scheduler.after(this.#delayMs('there'), run);
  }

  back(connection: { readonly isOpen: boolean }, run: () => void, process: SimProcess): void {
    const arrive = () => {
      if (connection.isOpen) run();
    };
    this.#scheduler.after(this.#delayMs('back'), arrive, process);
  }

  #delayMs(direction: 'there' | 'back'): number {
    const { nowMs } = this.#scheduler;
    const slowMs = nowMs < this.#slowUntilMs ? this.chance.number() * this.#slowMs : 0;
    const startMs = Math.max(nowMs, this.#silentUntilMs[direction]);
    const atMs = Math.max(startMs + this.chance.delayMs(this.#usualMs) + slowMs, this.#lastAtMs[direction] + 0.001);
    this.#lastAtMs[direction] = atMs;
    return atMs - nowMs;
  }
}
