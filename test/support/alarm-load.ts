import type { Definition, World } from './world.js';

/** Milliseconds between two requests of the producer. */
const roundMs = 50;

/**
 * Alarms at a steady rate until `stop`. What Kafka did not acknowledge was not promised: it is not sent again, and the next ones are others.
 */
export class AlarmLoad {
  readonly #world: World;
  readonly #ended: Promise<void>;
  readonly #pick: (index: number) => Definition;
  #isStopping = false;
  #count = 0;
  #refusedCount = 0;

  constructor(world: World, perSecondCount: number, definition: Definition | ((index: number) => Definition)) {
    this.#world = world;
    this.#pick = typeof definition === 'function' ? definition : () => definition;
    this.#ended = this.#run(Math.max(1, Math.round((perSecondCount * roundMs) / 1000)));
  }

  /** Alarms that Kafka has acknowledged. */
  get count(): number {
    return this.#count;
  }

  /** Requests that Kafka did not acknowledge. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#ended;
  }

  async #run(atOnceCount: number): Promise<void> {
    const startedAtMs = performance.now();
    for (let round = 1; !this.#isStopping; round += 1) {
      const first = this.#count;
      try {
        await this.#world.send(atOnceCount, (index) => this.#pick(first + index));
        this.#count += atOnceCount;
      } catch {
        this.#refusedCount += 1;
      }
      const waitMs = startedAtMs + round * roundMs - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, 0)));
    }
  }
}
