import { Bell } from '../domain/bell.js';
import type { Clock } from '../ports/system.js';

/** Something that happens again and again at times that are known beforehand, on the monotonic clock. */
export interface Recurring {
  /** The first time strictly after `monoMs`. */
  nextAfter(monoMs: number): number;
  /** `scheduledMonoMs` is the time that was planned, not the moment of the call. Must not reject. */
  run(scheduledMonoMs: number): Promise<void>;
  /** Its time has come while the run before still goes on: this one is left out. */
  overlapped(scheduledMonoMs: number): void;
}

/** `firstMonoMs` and every `everyMs` after it. */
export function gridAfter(firstMonoMs: number, everyMs: number, monoMs: number): number {
  if (monoMs < firstMonoMs) return firstMonoMs;
  const count = Math.floor((monoMs - firstMonoMs) / everyMs) + 1;
  const next = firstMonoMs + count * everyMs;
  return next > monoMs ? next : firstMonoMs + (count + 1) * everyMs;
}

/** Timers do not take more than 24 days. */
const longestSleepMs = 60_000;

interface Entry {
  atMonoMs: number;
  readonly job: Recurring;
  isRemoved: boolean;
}

/**
 * Starts each job at its own times, start to start, however long the runs take: no drift, no run of a job beside its previous one.
 *
 * A loop that was late, or a process that was suspended, runs each job once and goes on with the next time: what was missed is not made up.
 */
export class FixedRate {
  readonly #clock: Clock;
  readonly #entries = new Map<Recurring, Entry>();
  readonly #running = new Set<Recurring>();
  /** A binary heap, the earliest first. */
  readonly #heap: Entry[] = [];
  readonly #shortestSleepMs: number;
  readonly #added = new Bell();

  /** `shortestSleepMs`: what falls due within so little starts together, late by that at most. Many small wake-ups cost more than the work. */
  constructor(clock: Clock, shortestSleepMs = 0) {
    this.#clock = clock;
    this.#shortestSleepMs = shortestSleepMs;
  }

  /**
   * Runs the job from its first time at or after `fromMonoMs` on; that may lie a little back, since building many jobs takes a while. A job
   * that is there already takes up its times anew.
   */
  add(job: Recurring, fromMonoMs: number): void {
    this.remove(job);
    const entry = { atMonoMs: job.nextAfter(fromMonoMs - 1e-3), job, isRemoved: false };
    this.#entries.set(job, entry);
    this.#push(entry);
    this.#added.ring();
  }

  /** Starts it no more; a run under way is not touched. */
  remove(job: Recurring): void {
    const entry = this.#entries.get(job);
    if (entry === undefined) return;
    entry.isRemoved = true;
    this.#entries.delete(job);
  }

  /** Until `signal` aborts. Waits for no run. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const first = this.#heap[0];
      const waitMs = first === undefined ? longestSleepMs : first.atMonoMs - this.#clock.monoMs();
      const sleepMs = Math.min(Math.max(waitMs, this.#shortestSleepMs), longestSleepMs);
      if (waitMs > 0) await this.#added.wait(sleepMs, this.#clock, signal);
      else this.#start(first);
    }
  }

  #start(entry: Entry | undefined): void {
    if (entry === undefined) return;
    if (entry.isRemoved) {
      this.#pop();
      return;
    }
    const scheduledMonoMs = entry.atMonoMs;
    entry.atMonoMs = entry.job.nextAfter(Math.max(scheduledMonoMs, this.#clock.monoMs()));
    this.#down(0);
    const { job } = entry;
    if (this.#running.has(job)) {
      job.overlapped(scheduledMonoMs);
      return;
    }
    this.#running.add(job);
    void job.run(scheduledMonoMs).finally(() => this.#running.delete(job));
  }

  #push(entry: Entry): void {
    this.#heap.push(entry);
    for (let at = this.#heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (this.#isBefore(left, first)) first = left;
      if (this.#isBefore(right, first)) first = right;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    return (this.#heap[one]?.atMonoMs ?? Number.POSITIVE_INFINITY) < (this.#heap[other]?.atMonoMs ?? 0);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
