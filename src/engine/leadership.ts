import { EngineError } from '../domain/errors.js';
import type { HeldLock, LeaderLock, Lease } from '../ports/ownership.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** One ZooKeeper session as far as leading goes. */
export interface LeaseHolder {
  readonly lease: Lease;
}

export interface LeadershipOptions {
  readonly topic: string;
  readonly lock: LeaderLock;
  readonly telemetry: Telemetry;
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
  #giveUp: (() => void) | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /**
   * Resolves when `stop` aborts; the term is then still in force, so that what is under way can be drained and committed.
   * @throws whatever waiting cannot cure, such as RIGHT_MISSING.
   */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const { lease } = await this.#options.session(stop);
        const waiting = AbortSignal.any([stop, lease.ended]);
        this.#held = await this.#options.lock.acquire(this.#options.topic, waiting);
        await this.#lead(this.#held, lease, stop);
      } catch (error) {
        if (!(error instanceof EngineError) || (!error.retriable && error.code !== 'ABORTED')) throw error;
      }
    }
  }

  /** A commit was refused: somebody else leads. */
  fenced(): void {
    this.#giveUp?.();
  }

  /** Hands the lock on. Bounded by the caller. */
  async release(): Promise<void> {
    await this.#held?.release();
    this.#held = undefined;
  }

  async #lead(lock: HeldLock, lease: Lease, stop: AbortSignal): Promise<void> {
    const fenced = new AbortController();
    this.#giveUp = () => fenced.abort();
    this.#options.begin(lock, lease);
    await untilAborted(AbortSignal.any([stop, lease.ended, lock.lost, fenced.signal]));
    this.#giveUp = undefined;
    if (stop.aborted && !lease.ended.aborted && !lock.lost.aborted) return;
    this.#options.end(lease.ended.aborted ? 'lease_ended' : lock.lost.aborted ? 'lock_lost' : 'fenced');
    // Our node may still stand in the way of everybody, ourselves included.
    if (!lease.ended.aborted) await lock.release().catch(() => undefined);
    this.#held = undefined;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
