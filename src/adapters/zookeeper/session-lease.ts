import { leaseEndsAtMonoMs, leaseMarginMs } from '../../ownership/lease-clock.js';
import type { Lease } from '../../ports/ownership.js';
import type { Clock } from '../../ports/system.js';
import type { SentAt } from './requests.js';

/**
 * The lease of one session: every answered request moves its end; our own timer ends it. Once ended it stays so, because what relied on it
 * has stopped by then.
 */
export class SessionLease implements Lease {
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #endsAtMonoMs = 0;
  #endsAtMs = 0;
  #isTimed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** 0, which is long past, before the first answer and once it has ended. */
  endsAtMonoMs(): number {
    return this.#ended.signal.aborted ? 0 : this.#endsAtMonoMs;
  }

  endsAtMs(): number {
    return this.#ended.signal.aborted ? 0 : this.#endsAtMs;
  }

  /** The server answered a request that was sent at this moment. */
  renew(sent: SentAt, negotiatedTimeoutMs: number): void {
    const endsAtMonoMs = leaseEndsAtMonoMs(sent.atMonoMs, negotiatedTimeoutMs, leaseMarginMs(negotiatedTimeoutMs));
    // A process that was frozen finds the answer before its timer runs: the lease is over all the same.
    if (this.#isTimed && this.#clock.monoMs() >= this.#endsAtMonoMs) this.end();
    if (this.#ended.signal.aborted) return;
    if (endsAtMonoMs > this.#endsAtMonoMs) {
      this.#endsAtMonoMs = endsAtMonoMs;
      this.#endsAtMs = sent.atMs + (endsAtMonoMs - sent.atMonoMs);
    }
    if (this.#isTimed) return;
    this.#isTimed = true;
    void this.#endInTime();
  }

  /** Ends the lease now: the session is over, or nobody can tell. */
  end(): void {
    this.#ended.abort();
  }

  async #endInTime(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const leftMs = this.#endsAtMonoMs - this.#clock.monoMs();
      if (leftMs <= 0) this.end();
      else await this.#clock.sleep(Math.ceil(leftMs), this.#ended.signal);
    }
  }
}
