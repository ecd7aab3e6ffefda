import type { AlarmStatus } from '../../domain/alarm-status.js';

/** Lets a worse state count only when it has held for a while; a better one counts at once. Of one alert. */
export class Sustained {
  #firingSinceMonoMs: number | undefined;
  #criticalSinceMonoMs: number | undefined;

  /** The status that counts now that `status` was found. */
  after(status: AlarmStatus, monoMs: number, sustainMs: number): AlarmStatus {
    const isFiring = status === 'WARNING' || status === 'CRITICAL';
    this.#firingSinceMonoMs = isFiring ? (this.#firingSinceMonoMs ?? monoMs) : undefined;
    this.#criticalSinceMonoMs = status === 'CRITICAL' ? (this.#criticalSinceMonoMs ?? monoMs) : undefined;
    const hasHeld = (since: number | undefined) => since !== undefined && monoMs - since >= sustainMs;
    if (hasHeld(this.#criticalSinceMonoMs)) return 'CRITICAL';
    return hasHeld(this.#firingSinceMonoMs) ? 'WARNING' : 'OK';
  }
}
