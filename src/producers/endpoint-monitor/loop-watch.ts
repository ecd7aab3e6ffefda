import type { Clock } from '../../ports/system.js';

const lookEveryMs = 20;
/** So late, the process was stopped or starved, and what it measured meanwhile says nothing. */
const frozenMs = 1_000;

/** Measures by how much this process hears late of what happens. */
export class LoopWatch {
  readonly #clock: Clock;
  readonly #stop: () => void;
  #lookedAtMonoMs: number;
  #worstMs = 0;
  #frozenUntilMonoMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAtMonoMs = clock.monoMs();
    this.#stop = clock.every(lookEveryMs, () => this.#look());
  }

  /** The longest delay since the last call. */
  takeWorstMs(): number {
    this.#look();
    const worstMs = this.#worstMs;
    this.#worstMs = 0;
    return worstMs;
  }

  /** True when the process stood still at some time after this one. */
  wasFrozenSince(monoMs: number): boolean {
    this.#look();
    return this.#frozenUntilMonoMs > monoMs;
  }

  close(): void {
    this.#stop();
  }

  #look(): void {
    const nowMonoMs = this.#clock.monoMs();
    const lateMs = nowMonoMs - this.#lookedAtMonoMs - lookEveryMs;
    this.#lookedAtMonoMs = nowMonoMs;
    this.#worstMs = Math.max(this.#worstMs, lateMs);
    if (lateMs >= frozenMs) this.#frozenUntilMonoMs = nowMonoMs;
  }
}
