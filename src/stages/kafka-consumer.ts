import type { RawAlarm } from '../domain/alarm.js';
import { encodeRawAlarm } from '../domain/codec.js';
import { orderKeyOf } from '../domain/parse-alarm.js';
import type { Parcel } from '../ports/flow.js';
import type { KnownEvents } from './known-events.js';

/**
 * A message from Kafka as it crosses to main: unopened but for the key that keeps the transitions of one alarm in order, and for a look
 * whether it is a copy, where copies are to be dropped.
 */
export function toParcel(raw: RawAlarm, known?: KnownEvents): Parcel {
  // What a person has sent through the engine again is wanted again.
  const isCopy = raw.replay === undefined && known?.saw(raw) === true;
  const item: RawAlarm = isCopy ? { ...raw, isKnown: true } : raw;
  return { position: raw.position, orderKey: orderKeyOf(raw.value, raw.position), payload: encodeRawAlarm(item) };
}
