import type { RawAlarm } from '../domain/alarm.js';
import { readAlarm } from '../domain/parse-alarm.js';
import { type AlarmPosition, partitionText } from '../domain/position.js';

interface Newest {
  readonly sequence: number;
  readonly position: AlarmPosition;
}

/**
 * Recognises copies of events that were read before: further on in the same partition, with a number that is not above the highest of the
 * same alarm and source.
 *
 * The earlier event is read already, so the engine's promise covers it. What is read a second time at its own place is no copy. Remembers
 * the alarms that were seen last; after a restart it knows nothing, and copies are delivered.
 */
export class KnownEvents {
  readonly #capacity: number;
  readonly #newest = new Map<string, Newest>();

  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  /** True for a copy. A message that is no event of a producer, or no alarm at all, is never one. */
  saw(raw: RawAlarm): boolean {
    const event = eventOf(raw);
    if (event === undefined) return false;
    const { key, sequence } = event;
    const { position } = raw;
    const newest = this.#newest.get(key);
    const isBehind = newest !== undefined && isSamePartition(newest.position, position);
    if (newest !== undefined && isBehind && position.offset <= newest.position.offset) return false;
    if (newest !== undefined && sequence <= newest.sequence) return isBehind;
    this.#remember(key, { sequence, position });
    return false;
  }

  #remember(key: string, newest: Newest): void {
    this.#newest.delete(key);
    this.#newest.set(key, newest);
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= this.#capacity) return;
      this.#newest.delete(oldest);
    }
  }
}

function eventOf(raw: RawAlarm): { readonly key: string; readonly sequence: number } | undefined {
  try {
    const { tenantId, alarmId, event } = readAlarm(raw).alarm;
    const { sequence, source } = event ?? {};
    const { type = 'external', instance = '' } = source ?? {};
    return sequence === undefined ? undefined : { key: JSON.stringify([tenantId, alarmId, type, instance]), sequence };
  } catch {
    // Not an alarm: whoever opens it parks it.
    return undefined;
  }
}

function isSamePartition(one: AlarmPosition, other: AlarmPosition): boolean {
  return partitionText(one) === partitionText(other);
}
