import type { AlarmPosition } from '../../src/domain/position.js';
import type { Parcel } from '../../src/ports/flow.js';
import type { WorkerRef } from '../../src/ports/progress.js';

export function position(offset: number, partition = 0, topic = 'alarms'): AlarmPosition {
  return { topic, partition, offset: BigInt(offset) };
}

/** A parcel whose order key is its own offset unless one is given. */
export function parcel(offset: number, orderKey = `key-${offset}`): Parcel {
  return { position: position(offset), orderKey, payload: `payload ${offset}` };
}

export function worker(index: number, generation = index): WorkerRef {
  return { stage: 'alarm_processor', index, generation };
}

export function offsetsOf(parcels: readonly Parcel[]): number[] {
  return parcels.map((each) => Number(each.position.offset));
}
