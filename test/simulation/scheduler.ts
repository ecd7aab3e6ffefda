import type { Chance } from './chance.js';
import type { SimProcess } from './process.js';

/** What happens at one instant of virtual time. Without a process it happens in the world outside, to which nothing can be done. */
export interface Happening {
  readonly atMs: number;
  readonly tie: number;
  readonly order: number;
  readonly kind: 'timer' | 'io';
  readonly process: SimProcess | undefined;
  readonly run: () => void;
  isCancelled: boolean;
}

const perLoopTurn = 64;

/**
 * Virtual time: one heap of everything that is going to happen, ties broken by chance.
 *
 * Between two happenings all promise jobs run, as between two callbacks of an event loop; nothing else moves anything.
 */
export class Scheduler {
  nowMs = 0;
  happenedCount = 0;
  readonly #chance: Chance;
  readonly #heap: Happening[] = [];
  #order = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  after(
    delayMs: number,
    run: () => void,
    process: SimProcess | undefined = undefined,
    kind: 'timer' | 'io' = 'io',
  ): Happening {
    const happening: Happening = {
      atMs: this.nowMs + Math.max(0, delayMs),
      tie: this.#chance.number(),
      order: this.#order++,
      kind,
      process,
      run,
      isCancelled: false,
    };
    this.#push(happening);
    return happening;
  }

  /** Puts back what a process could not take while it was frozen. */
  again(happening: Happening, delayMs: number): void {
    this.#push({
      ...happening,
      atMs: this.nowMs + delayMs,
      order: this.#order++,
      isCancelled: false,
      run: () => {
        if (!happening.isCancelled) happening.run();
      },
    });
  }

  /** Runs until `isOver` says so, nothing is left to happen, or the time is up. Rejects with whatever a happening throws. */
  async drive(isOver: () => boolean, untilMs: number): Promise<void> {
    let isDone = false;
    while (!isDone) {
      // Promise jobs run between two immediates; many of them in one turn of the loop cost least.
      await new Promise<void>((resolve, reject) => {
        for (let step = 0; step < perLoopTurn; step += 1) {
          setImmediate(() => {
            try {
              if (!isDone) isDone = isOver() || !this.#step(untilMs);
            } catch (error) {
              isDone = true;
              reject(error);
            }
            if (step === perLoopTurn - 1) resolve();
          });
        }
      });
    }
  }

  #step(untilMs: number): boolean {
    for (;;) {
      const next = this.#pop();
      if (next === undefined || next.atMs > untilMs) return false;
      if (next.isCancelled) continue;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      if (next.process !== undefined && !next.process.mayRun(next)) continue;
      this.happenedCount += 1;
      next.run();
      return true;
    }
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(happening);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(happening, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = happening;
  }

  #pop(): Happening | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || first === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      const other = heap[child + 1];
      if (below !== undefined && other !== undefined && isBefore(other, below)) {
        child += 1;
        below = other;
      }
      if (below === undefined || !isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;
}
