interface Destination {
  sendingCount: number;
  readonly waiting: (() => void)[];
}

/**
 * How many sends go to one destination at a time, first come first served; other destinations are not held up.
 *
 * The limit is the whole engine's, shared out evenly among the workers that send, at least one each. A destination is forgotten with its
 * last send.
 */
export class DestinationLimit {
  readonly #mostCount: number;
  readonly #destinations = new Map<string, Destination>();

  constructor(limits: { readonly concurrencyPerDestination: number; readonly senders: number }) {
    this.#mostCount = Math.max(1, Math.ceil(limits.concurrencyPerDestination / limits.senders));
  }

  /** True with a place, which `leave` gives back; false, and no place, when `signal` aborted first. */
  async enter(name: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const destination = this.#destinations.get(name) ?? { sendingCount: 0, waiting: [] };
    this.#destinations.set(name, destination);
    if (destination.sendingCount < this.#mostCount) {
      destination.sendingCount += 1;
      return true;
    }
    return new Promise((resolve) => {
      const enter = () => {
        signal.removeEventListener('abort', withdraw);
        resolve(true);
      };
      const withdraw = () => {
        destination.waiting.splice(destination.waiting.indexOf(enter), 1);
        resolve(false);
      };
      destination.waiting.push(enter);
      signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** Hands the place to whoever has waited longest. */
  leave(name: string): void {
    const destination = this.#destinations.get(name);
    if (destination === undefined) return;
    const next = destination.waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    destination.sendingCount -= 1;
    if (destination.sendingCount === 0) this.#destinations.delete(name);
  }

  /** Destinations with sends at present. */
  get size(): number {
    return this.#destinations.size;
  }
}
