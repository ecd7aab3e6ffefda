import type { ReplayedMessage } from './alarm.js';
import { type DeadReason, deadReasons, type OutcomeRecord } from './outcome.js';
import type { EncodedRecord } from './outcome-record.js';
import type { RecordedLetter, RecordedOutcome } from './parse-outcome-record.js';
import { type AlarmPosition, parseOffset, parsePlace, placeText, type TopicPartition } from './position.js';

const replayHeader = 'notification-replay';
const sourceHeader = 'notification-source';

/**
 * The record by which the engine sends a parked notification again: due at once, with its attempts and its time to live begun anew, under
 * the id that it always had. The failures so far stay with the parked record.
 */
export function replayOfOutcome(parked: RecordedOutcome, reason: DeadReason, nowMs: number): OutcomeRecord {
  const { putOffCount: _, ...notification } = parked.notification;
  const again = { ...notification, attempt: 1, replay: { atMs: nowMs, reason } };
  return { notification: again, history: [], outcome: 'retrying', notBeforeMs: nowMs, detail: 'sent again by hand' };
}

/** The message by which the engine reads again what was parked unread: the bytes as they came, and in headers where they came from. */
export function replayOfLetter({ position, reason }: RecordedLetter, raw: Uint8Array): EncodedRecord {
  const source = placeText(position);
  return { key: source, value: raw, headers: { [replayHeader]: reason, [sourceHeader]: source } };
}

/** What the headers of a message say of its replay; undefined for every other message. */
export function replayOfHeaders(headers: Readonly<Record<string, string>>): ReplayedMessage | undefined {
  const reason = deadReasons.find((one) => one === headers[replayHeader]);
  const source = parsePlace(headers[sourceHeader] ?? '');
  return reason === undefined || source === undefined ? undefined : { source, reason };
}

/** A person has dealt with what is parked under a key, up to and including one record of the dead-letter topic. */
export interface Settlement {
  readonly outcome: 'replayed' | 'discarded';
  /** The newest letter that was seen: one that was parked later is not settled by this. */
  readonly letter: AlarmPosition;
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** Who did it: host and process. */
  readonly by: string;
  /** What the letter was about, for whoever reads the topic; undefined where it does not say. */
  readonly alarmId: string | undefined;
  readonly methodId: string | undefined;
}

/** The record that says so: same topic, same key, written after the replay is acknowledged. */
export function encodeSettlement(key: string, settlement: Settlement): EncodedRecord {
  const { outcome, letter, atMs, by, alarmId, methodId } = settlement;
  const value = {
    outcome,
    settles_partition: letter.partition,
    settles_offset: letter.offset.toString(),
    at: atMs,
    by,
    alarm_id: alarmId ?? null,
    id: methodId ?? null,
  };
  const headers = { 'notification-outcome': outcome, 'notification-schema': '1' };
  return { key, value: JSON.stringify(value), headers };
}

/** Reads what `encodeSettlement` writes; undefined for every other record. */
export function parseSettlement(
  value: Uint8Array,
  headers: Readonly<Record<string, string>>,
  readAt: TopicPartition,
): Settlement | undefined {
  const outcome = headers['notification-outcome'];
  if (outcome !== 'replayed' && outcome !== 'discarded') return undefined;
  try {
    const members = JSON.parse(Buffer.from(value).toString('utf8')) as Readonly<Record<string, unknown>>;
    return {
      outcome,
      letter: {
        topic: readAt.topic,
        partition: Number(members.settles_partition),
        offset: parseOffset(String(members.settles_offset)),
      },
      atMs: Number(members.at),
      by: String(members.by),
      alarmId: textOf(members.alarm_id),
      methodId: textOf(members.id),
    };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
