import type { Alarm } from '../domain/alarm.js';
import type { AlarmPosition } from '../domain/position.js';

type Transition = Pick<Alarm, 'alarmId' | 'changedAtMs' | 'position'>;

/**
 * The newest transition of each alarm among those that were seen, by the time that the alarm itself carries.
 *
 * Remembers the alarms that were seen last, so many that they cost a few tens of megabytes; of older ones it knows nothing.
 */
export class NewestTransitions {
  readonly #capacity: number;
  readonly #newest = new Map<string, Omit<Transition, 'alarmId'>>();

  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  saw({ alarmId, changedAtMs, position }: Transition): void {
    const before = this.#newest.get(alarmId);
    const newest = before === undefined || changedAtMs > before.changedAtMs ? { changedAtMs, position } : before;
    this.#newest.delete(alarmId);
    this.#newest.set(alarmId, newest);
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= this.#capacity) return;
      this.#newest.delete(oldest);
    }
  }

  /** Where the transition lies that came after this one; undefined when none was seen. */
  after({ alarmId, changedAtMs }: Transition): AlarmPosition | undefined {
    const newest = this.#newest.get(alarmId);
    return newest !== undefined && newest.changedAtMs > changedAtMs ? newest.position : undefined;
  }
}
