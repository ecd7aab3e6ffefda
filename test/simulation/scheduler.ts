import type { Chance } from './chance.js';
import type { SimProcess } from './process.js';
import { type Entry, TimeLine } from './time-line.js';

/** What happens at one instant of virtual time. Without a process it happens in the world outside, to which nothing can be done. */
export class Happening implements Entry {
  readonly tie: number;
  readonly order: number;
  readonly kind: 'timer' | 'io';
  readonly process: SimProcess | undefined;
  readonly run: () => void;
  isCancelled = false;

  constructor({ tie, order }: Entry, run: () => void, process: SimProcess | undefined, kind: 'timer' | 'io') {
    this.tie = tie;
    this.order = order;
    this.kind = kind;
    this.process = process;
    this.run = run;
  }
}

/**
 * What Node does between two callbacks of its event loop: runs every promise job that is due, and tells of rejections that nobody handles.
 * Not documented; without it each happening takes a turn of the loop, which costs more and comes to the same.
 */
const runPromiseJobs = (process as { _tickCallback?: () => void })._tickCallback;
const perLoopTurn = runPromiseJobs === undefined ? 1 : 256;

/**
 * Virtual time: one heap of everything that is going to happen, ties broken by chance.
 *
 * Between two happenings all promise jobs run, as between two callbacks of an event loop; nothing else moves anything.
 */
export class Scheduler {
  nowMs = 0;
  happenedCount = 0;
  readonly #chance: Chance;
  readonly #line = new TimeLine<Happening>();
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
    const happening = new Happening({ tie: this.#chance.number(), order: this.#order++ }, run, process, kind);
    this.#line.push(this.nowMs + Math.max(0, delayMs), happening);
    return happening;
  }

  /** Puts back what a process could not take while it was frozen. */
  again(happening: Happening, delayMs: number): void {
    const { tie, kind, process } = happening;
    const run = () => {
      if (!happening.isCancelled) happening.run();
    };
    this.#line.push(this.nowMs + delayMs, new Happening({ tie, order: this.#order++ }, run, process, kind));
  }

  /** Runs until `isOver` says so, nothing is left to happen, or the time is up. Rejects with whatever a happening throws. */
  async drive(isOver: () => boolean, untilMs: number): Promise<void> {
    while (!(await inTurnOfLoop(() => this.#steps(isOver, untilMs)))) {}
  }

  /** As many as fit into one turn of the real event loop; true when it was the last of them. */
  #steps(isOver: () => boolean, untilMs: number): boolean {
    for (let step = 0; step < perLoopTurn; step += 1) {
      if (isOver() || !this.#step(untilMs)) return true;
      runPromiseJobs?.();
    }
    return false;
  }

  #step(untilMs: number): boolean {
    for (;;) {
      const atMs = this.#line.firstAtMs();
      const next = this.#line.pop();
      if (next === undefined || atMs > untilMs) return false;
      if (next.isCancelled) continue;
      this.nowMs = Math.max(this.nowMs, atMs);
      if (next.process !== undefined && !next.process.mayRun(next)) continue;
      this.happenedCount += 1;
      next.run();
      return true;
    }
  }
}

function inTurnOfLoop<T>(run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(run());
      } catch (error) {
        reject(error);
      }
    });
  });
}
