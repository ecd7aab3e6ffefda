import type { Clock } from '../ports/system.js';
import type { SystemSeen } from './protocol.js';

/** When each outside system last answered, and what went wrong since: what readiness is made of. */
export class SystemsSeen {
  readonly #clock: Clock;
  readonly #seen: Record<string, SystemSeen> = {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered(system: string): void {
    this.#seen[system] = { answeredAtMonoMs: this.#clock.monoMs() };
  }

  failed(system: string, failure: string): void {
    this.#seen[system] = { answeredAtMonoMs: this.#seen[system]?.answeredAtMonoMs ?? 0, failure };
  }

  all(): Readonly<Record<string, SystemSeen>> {
    return { ...this.#seen };
  }
}
