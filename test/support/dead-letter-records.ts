import type { RawRecord } from '../../src/adapters/kafka/topic-reader.js';
import type { DeadReason } from '../../src/domain/outcome.js';
import { type EncodedRecord, encodeDeadLetter, encodeOutcomeRecord } from '../../src/domain/outcome-record.js';
import type { AlarmPosition } from '../../src/domain/position.js';
import { encodeSettlement } from '../../src/domain/replay.js';
import { alarmWith, somewhere } from './alarms.js';
import { aNotification } from './notifications.js';

/** Where a record of the dead-letter topic stands. */
export interface Standing {
  readonly partition?: number;
  readonly offset: bigint;
  readonly timestampMs?: number;
}

/** A record as it is read from the dead-letter topic. */
export function standing(record: EncodedRecord, { partition = 0, offset, timestampMs = 1_000 }: Standing): RawRecord {
  const { key, value, headers } = record;
  return { topic: 'dead', partition, offset, key, value: Buffer.from(value), headers, timestampMs };
}

/** A parked notification under this key. */
export function parkedNotification(
  key: string,
  at: Standing,
  reason: DeadReason = 'refused',
  alarm = alarmWith(),
): RawRecord {
  const notification = aNotification('webhook', 'https://example.org/secret', { alarm });
  const record = { notification, history: [], outcome: 'dead', reason, detail: 'no' } as const;
  return standing({ ...encodeOutcomeRecord(record, 'test'), key }, at);
}

/** A message that was parked unread. */
export function parkedMessage(
  raw: string,
  at: Standing,
  reason: DeadReason = 'malformed',
  position: AlarmPosition = somewhere,
): RawRecord {
  return standing(encodeDeadLetter({ position, reason, raw: Buffer.from(raw), detail: 'no' }, 'test'), at);
}

/** Settles the letter of a key at this offset. */
export function settled(key: string, letter: Standing, at: Standing): RawRecord {
  const position = { topic: 'dead', partition: letter.partition ?? 0, offset: letter.offset };
  const facts = { atMs: 1, by: 'test', alarmId: undefined, methodId: undefined };
  return standing(encodeSettlement(key, { outcome: 'replayed', letter: position, ...facts }), at);
}
