/** As much of a clock as waiting takes: `sleep` ends at once when `signal` aborts and never rejects. */
export interface Sleeper {
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Something to wait for that is not a value: every waiter goes on at the next `ring`. */
export class Bell {
  readonly #waiting = new Set<AbortController>();
  #rungCount = 0;

  /** How often it has rung. Whoever does something else between looking and waiting notes it before he looks. */
  get rungCount(): number {
    return this.#rungCount;
  }

  ring(): void {
    this.#rungCount += 1;
    for (const waiter of this.#waiting) waiter.abort();
  }

  /**
   * Ends at the next ring, after `ms`, or when `signal` aborts; never rejects. True when it has rung.
   *
   * `heardCount` is the `rungCount` that the caller has acted upon: a ring that came after it, while something else was awaited, ends the wait
   * at once. Left out, only what rings from now on counts.
   */
  async wait(ms: number, clock: Sleeper, signal: AbortSignal, heardCount = this.#rungCount): Promise<boolean> {
    if (this.#rungCount === heardCount && !signal.aborted) {
      const waiter = new AbortController();
      const give = () => waiter.abort();
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.add(waiter);
      await clock.sleep(ms, waiter.signal);
      this.#waiting.delete(waiter);
      signal.removeEventListener('abort', give);
    }
    return this.#rungCount !== heardCount;
  }
}
