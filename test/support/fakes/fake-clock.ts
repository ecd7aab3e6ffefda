import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../src/ports/system.js';

interface Timer {
  atMonoMs: number;
  readonly order: number;
  readonly run: () => void;
  readonly repeatMs: number | undefined;
}

/** Virtual time: nothing happens until `advance` moves it, and then everything that is due, in order. */
export class FakeClock implements Clock {
  #nowMonoMs = 0;
  #order = 0;
  #startedAtMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startedAtMs = Date.UTC(2026, 0, 1)) {
    this.#startedAtMs = startedAtMs;
  }

  nowMs(): number {
    return this.#startedAtMs + this.#nowMonoMs;
  }

  monoMs(): number {
    return this.#nowMonoMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clear();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      // Node's timers drop fractions too: they end a little early.
      const clear = this.#after(Math.trunc(ms), end);
      signal?.addEventListener('abort', end);
    });
  }

  limit(ms: number, parent?: AbortSignal): { readonly signal: AbortSignal; readonly expired: boolean; clear(): void } {
    const controller = new AbortController();
    const state = { expired: false };
    const stop = () => {
      clear();
      controller.abort();
    };
    const clear = this.#after(ms, () => {
      state.expired = true;
      controller.abort();
    });
    if (parent?.aborted) stop();
    else parent?.addEventListener('abort', stop);
    return {
      signal: controller.signal,
      get expired() {
        return state.expired;
      },
      clear() {
        clear();
        parent?.removeEventListener('abort', stop);
      },
    };
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  every(ms: number, tick: () => void): () => void {
    return this.#after(ms, tick, ms);
  }

  /** Number of timers that wait: 0 at the end of a test that cleaned up. */
  get waitingCount(): number {
    return this.#timers.size;
  }

  /** Moves the time by `ms`; what becomes due runs at its own instant, with all that follows from it. */
  async advance(ms: number): Promise<void> {
    const untilMonoMs = this.#nowMonoMs + ms;
    await nextTurn();
    for (let timer = this.#next(untilMonoMs); timer !== undefined; timer = this.#next(untilMonoMs)) {
      this.#nowMonoMs = Math.max(this.#nowMonoMs, timer.atMonoMs);
      if (timer.repeatMs === undefined) this.#timers.delete(timer);
      else timer.atMonoMs += timer.repeatMs;
      timer.run();
      await nextTurn();
    }
    this.#nowMonoMs = untilMonoMs;
  }

  /** Moves the clock on the wall alone: the host was suspended, or somebody sets it. */
  suspendFor(ms: number): void {
    this.#startedAtMs += ms;
  }

  /** Moves the time without running anything, as for a process that was frozen. */
  freezeFor(ms: number): void {
    this.#nowMonoMs += ms;
  }

  #after(ms: number, run: () => void, repeatMs?: number): () => void {
    const timer: Timer = { atMonoMs: this.#nowMonoMs + ms, order: this.#order++, run, repeatMs };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #next(untilMonoMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMonoMs > untilMonoMs) continue;
      const isEarlier =
        first === undefined ||
        timer.atMonoMs < first.atMonoMs ||
        (timer.atMonoMs === first.atMonoMs && timer.order < first.order);
      if (isEarlier) first = timer;
    }
    return first;
  }
}
