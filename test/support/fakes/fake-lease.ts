import type { LeaseView } from '../../../src/ports/ownership.js';

/** A lease that begins and ends when it is told to. */
export class FakeLease implements LeaseView {
  #ending = new AbortController();
  #waiting: (() => void)[] = [];

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  valid(): boolean {
    return !this.#ending.signal.aborted;
  }

  async whenValid(signal: AbortSignal): Promise<void> {
    while (!this.valid() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  end(): void {
    this.#ending.abort();
  }

  begin(): void {
    this.#ending = new AbortController();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
