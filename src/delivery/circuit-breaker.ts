export interface BreakerLimits {
  /** Failures in a row after which nothing more is sent. */
  readonly failuresToOpen: number;
  /** The first pause; each failed probe doubles it, up to the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** `probe`: the one send that finds out whether the destination is back; its end must be told. */
export type Admission = Readonly<{ kind: 'send' | 'probe' } | { kind: 'wait'; untilMonoMs: number; pauseMs: number }>;

/**
 * Whether sending to one destination makes sense: closed (sends), open (waits), half open (one probe). Pure; the caller has the clock.
 *
 * Only failures in a row open it, only a success closes it. What began before it opened and fails late changes nothing. Failures that name
 * where they come from count once for each of those.
 */
export class CircuitBreaker {
  readonly #limits: BreakerLimits;
  #failureCount = 0;
  readonly #failedFrom = new Set<string>();
  #pauseMs: number;
  /** While open: from when on one probe may go out. */
  #probeAtMonoMs: number | undefined;
  #isProbing = false;

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
    this.#pauseMs = limits.firstPauseMs;
  }

  get isOpen(): boolean {
    return this.#probeAtMonoMs !== undefined;
  }

  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** Whether a send may begin now. A `probe` is out until it succeeds, fails or is abandoned. */
  admit(nowMonoMs: number): Admission {
    const probeAtMonoMs = this.#probeAtMonoMs;
    if (probeAtMonoMs === undefined) return { kind: 'send' };
    if (nowMonoMs < probeAtMonoMs) return { kind: 'wait', untilMonoMs: probeAtMonoMs, pauseMs: this.#pauseMs };
    if (this.#isProbing) return { kind: 'wait', untilMonoMs: nowMonoMs + this.#pauseMs, pauseMs: this.#pauseMs };
    this.#isProbing = true;
    return { kind: 'probe' };
  }

  /** The destination answered. True when this closed the breaker. */
  succeeded(): boolean {
    const wasOpen = this.isOpen;
    this.#failureCount = 0;
    this.#failedFrom.clear();
    this.#pauseMs = this.#limits.firstPauseMs;
    this.#probeAtMonoMs = undefined;
    this.#isProbing = false;
    return wasOpen;
  }

  /** A send failed for a reason that concerns the destination. True when this opened the breaker. */
  failed(kind: 'send' | 'probe', nowMonoMs: number, from?: string): boolean {
    if (this.isOpen) {
      if (kind === 'probe' && this.#isProbing) this.#probeFailed(nowMonoMs);
      return false;
    }
    if (from === undefined) this.#failureCount += 1;
    else this.#failedFrom.add(from);
    if (this.#failureCount + this.#failedFrom.size < this.#limits.failuresToOpen) return false;
    this.#probeAtMonoMs = nowMonoMs + this.#pauseMs;
    return true;
  }

  /** The probe ended without telling anything: another one may go out. */
  abandoned(kind: 'send' | 'probe'): void {
    if (kind === 'probe') this.#isProbing = false;
  }

  #probeFailed(nowMonoMs: number): void {
    this.#isProbing = false;
    this.#pauseMs = Math.min(2 * this.#pauseMs, this.#limits.longestPauseMs);
    this.#probeAtMonoMs = nowMonoMs + this.#pauseMs;
  }
}
