import type { RawAlarm } from '../domain/alarm.js';
import { encodeRawAlarm } from '../domain/codec.js';
import { orderKeyOf } from '../domain/parse-alarm.js';
import type { Parcel } from '../ports/flow.js';

/** A message from Kafka as it crosses to main: unopened but for the key that keeps the transitions of one alarm in order. */
export function toParcel(raw: RawAlarm): Parcel {
  return { position: raw.position, orderKey: orderKeyOf(raw.value, raw.position), payload: encodeRawAlarm(raw) };
}
