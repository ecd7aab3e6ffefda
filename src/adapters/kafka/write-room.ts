import { givenUp } from '../../domain/errors.js';
import { unlessAborted } from '../../domain/until-aborted.js';

/** How many bytes may be on their way to Kafka at a time, whoever writes them: what is not encoded yet costs no memory. */
export class WriteRoom {
  readonly #mostBytes: number;
  readonly #waiting = new Set<() => void>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#mostBytes;
  }

  /** Resolves when something has ended; somebody else may have taken its place by then. @throws ABORTED when `signal` aborts first. */
  async change(signal: AbortSignal): Promise<void> {
    await unlessAborted(new Promise<void>((resolve) => this.#waiting.add(resolve)), signal, () =>
      givenUp('publishing to Kafka was given up'),
    );
  }

  /** What `write` gives, which takes `bytes` of the room until it has ended. */
  async during<T>(bytes: number, write: () => Promise<T>): Promise<T> {
    this.#bytes += bytes;
    try {
      return await write();
    } finally {
      this.#bytes -= bytes;
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    }
  }
}
