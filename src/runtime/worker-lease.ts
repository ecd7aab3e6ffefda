import type { Clock } from '../ports/system.js';

/** As far as clocks are set forward by and by. A jump beyond it may be a time in which the host was suspended. */
const wallToleranceMs = 1_000;

/**
 * The lease as a worker knows it: from main's beats, by the two clocks that the processes of one host share.
 *
 * A main that is frozen sends no beats, so the lease runs out here too, whatever main believes. The monotonic clock stands still while the
 * host is suspended, the one on the wall does not: the lease ends when either says so. A clock that somebody sets forward costs the time
 * until ZooKeeper has answered the next time; one that is set back costs nothing.
 */
export class WorkerLease {
  readonly #clock: Clock;
  #endsAtMonoMs = 0;
  #endsAtMs = 0;
  #isWatched = false;
  #abort = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#abort.abort();
  }

  /** Aborts when the present lease ends; aborted already while there is none. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Never while `signal` is aborted: an end that was seen stays one, whatever the clock on the wall says afterwards. */
  valid(): boolean {
    return !this.#abort.signal.aborted && this.#isRunning();
  }

  /** Resolves when there is a lease, or when `signal` aborts. */
  async whenValid(signal: AbortSignal): Promise<void> {
    while (!this.valid() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
  }

  /** One beat of main. */
  renew(endsAtMonoMs: number, endsAtMs: number): void {
    this.#endsAtMonoMs = endsAtMonoMs;
    this.#endsAtMs = endsAtMs;
    if (!this.#isRunning()) {
      this.#abort.abort();
      return;
    }
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
    for (const wake of this.#waiting) wake();
    if (!this.#isWatched) void this.#watch();
  }

  async #watch(): Promise<void> {
    this.#isWatched = true;
    while (this.valid()) await this.#clock.sleep(this.#endsAtMonoMs - this.#clock.monoMs());
    this.#abort.abort();
    this.#isWatched = false;
  }

  #isRunning(): boolean {
    return this.#clock.monoMs() < this.#endsAtMonoMs && this.#clock.nowMs() < this.#endsAtMs + wallToleranceMs;
  }
}
