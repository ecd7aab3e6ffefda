import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import type { Config } from '../config/config.js';
import { messageOf } from '../domain/errors.js';
import type { DeadReason } from '../domain/outcome.js';
import { encodeOutcomeRecord } from '../domain/outcome-record.js';
import { parseOutcomeRecord, type ReadRecord, type RecordedLetter } from '../domain/parse-outcome-record.js';
import { type AlarmPosition, positionText } from '../domain/position.js';
import { replayOfLetter, replayOfOutcome } from '../domain/replay.js';
import type { Preparation } from './settle-letters.js';

export type RecordAt = (at: AlarmPosition) => Promise<RawRecord | undefined>;

/**
 * What has to be written so that the engine sends a letter again: a notification to the retry topic, due at once; a message that was parked
 * unread to the topic that it came from.
 *
 * `instance` names us in the record, `nowMs` is when the person asked.
 */
export async function prepareReplay(
  record: RawRecord,
  recordAt: RecordAt,
  { kafka, instance, nowMs }: { readonly kafka: Config['kafka']; readonly instance: string; readonly nowMs: number },
): Promise<Preparation> {
  const refusedBy = record.headers['notification-shortened'];
  if (refusedBy !== undefined) {
    const advice = 'raise its max.message.bytes; what is left of the record cannot be sent';
    return { problem: `topic ${refusedBy} refused the whole record: ${advice}` };
  }
  const notification = (read: ReadRecord, reason: DeadReason): Preparation => {
    if (read.kind === 'letter') return { problem: 'it is a message and no notification' };
    const retry = encodeOutcomeRecord(replayOfOutcome(read, reason, nowMs), instance);
    return { topic: kafka.notificationRetryTopic, record: retry };
  };
  try {
    const read = parseOutcomeRecord(record.value, record.headers, record);
    if (read.kind === 'outcome') {
      const { outcome, reason = 'refused' } = read;
      if (outcome === 'dead' || outcome === 'retrying') return notification(read, reason);
      return { problem: `its outcome is ${outcome ?? 'unknown'}, so there is nothing to send; discard it` };
    }
    const isKnown = [kafka.alarmTopic, kafka.notificationRetryTopic, ...kafka.periodic.map(({ topic }) => topic)];
    const { topic } = read.position;
    if (!isKnown.includes(topic)) return { problem: `it came from topic ${topic}, which this engine does not read` };
    if (read.reason === 'malformed' || topic === kafka.alarmTopic) return await message(read, recordAt);
    // What is parked of a quarantined notification is its alarm alone; the notification is where it was read.
    const original = await recordAt(read.position);
    if (original === undefined) return goneAt(read.position);
    return notification(parseOutcomeRecord(original.value, original.headers, original), read.reason);
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function message(letter: RecordedLetter, recordAt: RecordAt): Promise<Preparation> {
  const whole = letter.isCut ? (await recordAt(letter.position))?.value : letter.raw;
  if (whole === undefined) return goneAt(letter.position);
  return { topic: letter.position.topic, record: replayOfLetter(letter, whole) };
}

function goneAt(at: AlarmPosition): Preparation {
  return { problem: `the whole of it was at ${positionText(at)}, and Kafka holds it no more` };
}
