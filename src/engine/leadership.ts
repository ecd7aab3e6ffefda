import { EngineError } from '../domain/errors.js';
import { untilAborted } from '../domain/until-aborted.js';
import type { HeldLock, LeaderLock, Lease } from '../ports/ownership.js';

/** One ZooKeeper session as far as leading goes. */
export interface LeaseHolder {
  readonly lease: Lease;
}

export interface LeadershipOptions {
  readonly topic: string;
  readonly lock: LeaderLock;
  /** Waits for a session. @throws ABORTED when `signal` aborts first. */
  session(signal: AbortSignal): Promise<LeaseHolder>;
  /** The topic is ours until `ended` says otherwise. */
  begin(lock: HeldLock, lease: Lease): void;
  /** The topic is ours no more: nothing may be sent or committed from here on. */
  end(reason: string): void;
}

/** Waits for the lock, leads while lease and lock last, and waits again: for ever, until it is asked to stop. */
export class Leadership {
  readonly #options: LeadershipOptions;
  #held: HeldLock | undefined;
  #endTerm: ((reason: string) => void) | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /**
   * Resolves when `stop` aborts; the term is then still in force, so that what is under way can be drained and committed. It is watched
   * until `release`: lease and lock can be lost during the drain as well.
   * @throws whatever waiting cannot cure, such as RIGHT_MISSING.
   */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const { lease } = await this.#options.session(stop);
        const waiting = AbortSignal.any([stop, lease.ended]);
        this.#held = await this.#options.lock.acquire(this.#options.topic, waiting);
        if (!stop.aborted) await this.#lead(this.#held, lease, stop);
      } catch (error) {
        if (!(error instanceof EngineError) || !error.retriable) throw error;
      }
    }
  }

  /** A commit was refused: somebody else leads. */
  fenced(): void {
    this.#endTerm?.('fenced');
  }

  /** Ends the term, so that nothing is sent from here on, and hands the lock on. Bounded by the caller. */
  async release(): Promise<void> {
    this.#endTerm?.('released');
    await this.#held?.release();
    this.#held = undefined;
  }

  async #lead(lock: HeldLock, lease: Lease, stop: AbortSignal): Promise<void> {
    const over = new AbortController();
    const end = (reason: string) => {
      if (over.signal.aborted) return;
      this.#endTerm = undefined;
      this.#options.end(reason);
      over.abort();
    };
    this.#endTerm = end;
    this.#options.begin(lock, lease);
    lease.ended.addEventListener('abort', () => end('lease_ended'), { once: true });
    lock.lost.addEventListener('abort', () => end('lock_lost'), { once: true });
    if (lease.ended.aborted) end('lease_ended');
    if (lock.lost.aborted) end('lock_lost');
    await untilAborted(stop, over.signal);
    if (!over.signal.aborted) return;
    // Our node may still stand in the way of everybody, ourselves included.
    if (!lease.ended.aborted) await lock.release().catch(() => undefined);
    this.#held = undefined;
  }
}
