import type { RawAlarm } from '../../domain/alarm.js';
import type { TopicPartition } from '../../domain/position.js';
import { replayOfHeaders } from '../../domain/replay.js';
import type { FetchedRecord } from './library-types.js';

/** A fetched record as the engine takes it. Kafka says -1 for a record without a time: it is new to us at `nowMs`. */
export function rawAlarmOf({ topic, partition }: TopicPartition, record: FetchedRecord, nowMs: number): RawAlarm {
  const recordedAtMs = Number(record.timestamp);
  const replay = record.headers === undefined ? undefined : replayOfHeaders(textHeaders(record));
  return {
    position: { topic, partition, offset: BigInt(record.offset) },
    value: record.value ?? new Uint8Array(0),
    recordedAtMs: recordedAtMs >= 0 ? recordedAtMs : nowMs,
    ...(replay === undefined ? {} : { replay }),
  };
}

/** The headers of a record as text; of a repeated one the first counts. */
export function textHeaders({ headers = {} }: FetchedRecord): Readonly<Record<string, string>> {
  const texts = Object.entries(headers).map(([name, value]) => {
    const first = Buffer.isBuffer(value) ? value : (value as readonly Buffer[] | null)?.[0];
    return [name, first?.toString() ?? ''] as const;
  });
  return Object.fromEntries(texts);
}
