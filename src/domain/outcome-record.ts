import type { Alarm } from './alarm.js';
import { cutToJson } from './cut-to-json.js';
import { identityOf, type Notification } from './notification.js';
import type { DeadLetter, OutcomeRecord } from './outcome.js';
import { placeText } from './position.js';

/** One message for an output topic. */
export interface EncodedRecord {
  readonly key: string;
  /** Bytes only where a parked message is too large to be wrapped. */
  readonly value: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Records with the same text lie in one partition; absent: those with the same key. */
  readonly together?: string;
}

/** Brokers take 1,048,588 bytes by default, key, headers and framing included. */
const maxValueBytes = 1_000_000;
const maxDetailLength = 1000;
/** What is left of each long text, in bytes of JSON, when a record would not fit, and when even that is too much. */
const cutBytes = 20_000;
const shortBytes = 200;

/**
 * The message that records how one method of an alarm ended.
 *
 * The inherited seventeen keys in their order, then ours: constant keys, null where they do not apply, and at the end those that only some
 * outcomes have. `raw_alarm` is embedded letter by letter. `attempt` counts the sends tried so far, `at` and `sent_at` are epoch
 * milliseconds, `notification_timestamp` is seconds. A record that would be larger than a topic takes keeps what a receiver needs: long
 * texts are cut, lists emptied, unknown fields left out, and `raw_alarm_cut` says so; the whole alarm still is at its source position.
 */
export function encodeOutcomeRecord(record: OutcomeRecord, instance: string): EncodedRecord {
  const notBeforeMs = record.outcome === 'retrying' ? record.notBeforeMs : undefined;
  return encoded(record.notification.id, { record, notBeforeMs, instance });
}

/** The message that parks what waits, or is parked, where a topic does not take it whole: some words of each text, and all that a replay needs. */
export function encodeShortDeadRecord(
  record: Extract<OutcomeRecord, { outcome: 'dead' }>,
  instance: string,
): EncodedRecord {
  return encoded(record.notification.id, { record, notBeforeMs: undefined, instance }, [shortBytes]);
}

/**
 * The message from which the next repeat is made: the same record, but for `not_before`, which says when that repeat is due.
 *
 * Its key is one per alarm and method, so that everything about the repeats of an alarm to one receiver lies in one partition, in order.
 */
export function encodeWaitingRepeat(record: OutcomeRecord, dueAtMs: number, instance: string): EncodedRecord {
  const { alarm, method } = record.notification;
  return encoded(identityOf([alarm.tenantId, alarm.alarmId, method.id]), { record, notBeforeMs: dueAtMs, instance });
}

/** `cuts`: how long a text of the alarm may be, one after the other until the record fits. */
function encoded(
  key: string,
  what: Pick<Text, 'record' | 'notBeforeMs' | 'instance'>,
  cuts: readonly number[] = [Number.POSITIVE_INFINITY, cutBytes, shortBytes],
): EncodedRecord {
  const { notBeforeMs } = what;
  const { notification, outcome } = what.record;
  let value = '';
  for (const bytes of cuts) {
    const isWhole = bytes === Number.POSITIVE_INFINITY;
    const alarm = isWhole ? notification.alarm : reduced(notification.alarm, bytes);
    value = recordText({ ...what, alarm, more: isWhole ? '' : ', "raw_alarm_cut": true' });
    if (!isTooLarge(value)) break;
  }
  const headers = { 'notification-outcome': outcome, 'notification-schema': '1' };
  // Who reads a record that waits sees what else waits of its alarm: what is newer supersedes it, whoever shares the partitions.
  return notBeforeMs === undefined
    ? { key, value, headers }
    : { key, value, headers, together: notification.alarm.alarmId };
}

/**
 * The message that parks what could not be read, or killed whoever touched it.
 *
 * The raw bytes travel in base64 inside the JSON. Where that would be too large, the value is the bytes themselves and the words move to the
 * headers; what even then does not fit is cut, and the headers say how long it was.
 */
export function encodeDeadLetter(letter: DeadLetter, instance: string): EncodedRecord {
  const { topic, partition, offset } = letter.position;
  const key = placeText(letter.position);
  const outcome = letter.reason === 'malformed' ? 'malformed' : 'dead';
  const headers = { 'notification-outcome': outcome, 'notification-schema': '1' };
  const detail = letter.detail.slice(0, maxDetailLength);
  const { byteLength } = letter.raw;
  if (byteLength <= (maxValueBytes - 20_000) * 0.75) {
    const value = {
      outcome,
      reason: letter.reason,
      detail,
      source_topic: topic,
      source_partition: partition,
      source_offset: offset.toString(),
      instance,
      raw_base64: Buffer.from(letter.raw).toString('base64'),
    };
    return { key, value: JSON.stringify(value), headers };
  }
  const unwrapped = {
    ...headers,
    'notification-raw': byteLength > maxValueBytes ? 'cut' : 'whole',
    'notification-raw-bytes': String(byteLength),
    'notification-reason': letter.reason,
    'notification-detail': detail,
    'notification-source': key,
    'notification-instance': instance,
  };
  return { key, value: letter.raw.subarray(0, maxValueBytes), headers: unwrapped };
}

function isTooLarge(text: string): boolean {
  return text.length * 3 > maxValueBytes && Buffer.byteLength(text) > maxValueBytes;
}

const json = (value: string | number | null | undefined): string => JSON.stringify(value ?? null);

interface Text {
  readonly record: OutcomeRecord;
  readonly alarm: Alarm;
  readonly notBeforeMs: number | undefined;
  readonly instance: string;
  readonly more: string;
}

function recordText({ record, alarm, notBeforeMs, instance, more }: Text): string {
  const { notification, history } = record;
  const { method } = notification;
  const attempt = triedCount(record);
  const lastAtMs = record.outcome === 'sent' ? record.sentAtMs : history.at(-1)?.atMs;
  const source = notification.alarm.position;
  const { alarmId, tenantId } = idsAsReceived(alarm);
  const inherited =
    `{"id": ${json(method.id)}, "type": ${json(method.type)}, "name": ${json(method.name)}, "address": ${json(method.address.reveal())}` +
    `, "retry_count": ${Math.max(0, attempt - 1)}, "raw_alarm": ${alarm.rawAlarm}, "alarm_id": ${alarmId}` +
    `, "alarm_name": ${json(alarm.alarmName)}, "alarm_timestamp": ${Math.floor(alarm.changedAtMs / 1000)}` +
    `, "message": ${json(alarm.stateChangeReason)}, "notification_timestamp": ${lastAtMs === undefined ? null : lastAtMs / 1000}` +
    `, "state": ${json(alarm.newState)}, "severity": ${json(alarm.severity)}, "link": ${json(alarm.link)}` +
    `, "lifecycle_state": ${json(alarm.lifecycleState)}, "tenant_id": ${tenantId}, "period": ${method.periodMs / 1000}`;
  const ours =
    `, "notification_id": ${json(notification.id)}, "outcome": ${json(record.outcome)}` +
    `, "source_topic": ${json(source.topic)}, "source_partition": ${source.partition}, "source_offset": "${source.offset}"` +
    `, "attempt": ${attempt}, "repeat": ${notification.repeat}` +
    `, "sent_at": ${record.outcome === 'sent' ? record.sentAtMs : null}` +
    `, "not_before": ${notBeforeMs ?? null}` +
    `, "reason": ${record.outcome === 'dead' ? json(record.reason) : null}, "history": ${historyText(record)}` +
    `, "instance": ${json(instance)}, "recorded_at": ${alarm.recordedAtMs}${replayText(notification)}${digestText(notification)}`;
  return `${inherited}${ours}${extras(record)}${more}}`;
}

function replayText({ replay }: Notification): string {
  return replay === undefined ? '' : `, "replayed_at": ${replay.atMs}, "parked_for": ${json(replay.reason)}`;
}

/** The alarms of a digest under the public names of an AlarmDigest, with their own. */
function digestText({ digest }: Notification): string {
  if (digest === undefined) return '';
  const alarms = digest.map(({ alarmId, name, status, changedAt }) => {
    return { AlarmID: alarmId, AlarmName: name, Status: status, LatestChangedAt: changedAt };
  });
  return `, "kind": "digest", "alarms": ${JSON.stringify(alarms)}`;
}

/** Before a send was tried, `notification.attempt` is the one that was not made. */
function triedCount({ outcome, history, notification }: OutcomeRecord): number {
  return outcome === 'sent' ? notification.attempt : (history.at(-1)?.attempt ?? notification.attempt - 1);
}

function historyText({ history }: OutcomeRecord): string {
  const entries = history.map(({ attempt, atMs, failure }) => ({ attempt, at: atMs, failure }));
  return JSON.stringify(entries);
}

function extras(record: OutcomeRecord): string {
  switch (record.outcome) {
    case 'sent':
      return record.remoteId === undefined ? '' : `, "remote_id": ${json(record.remoteId.slice(0, maxDetailLength))}`;
    case 'retrying':
    case 'dead':
      return `, "detail": ${json(record.detail.slice(0, maxDetailLength))}${putOff(record)}`;
    case 'superseded': {
      const detail = record.detail === undefined ? '' : `, "detail": ${json(record.detail)}`;
      if (record.by === undefined) return detail;
      const { topic, partition, offset } = record.by;
      return `, "superseded_by": ${JSON.stringify({ topic, partition, offset: offset.toString() })}${detail}`;
    }
    case 'expired':
    case 'digested':
      return '';
    default:
      return never(record);
  }
}

function putOff({ notification: { putOffCount = 0 } }: OutcomeRecord): string {
  return putOffCount === 0 ? '' : `, "put_off": ${putOffCount}`;
}

function never(record: never): string {
  return record;
}

const maybeNumber = /^-?[0-9]+$/;

/** Ids are echoed as they came, text or number; only one that looks like a number is worth a look. */
function idsAsReceived(alarm: Alarm): { alarmId: string; tenantId: string } {
  const texts = { alarmId: json(alarm.alarmId), tenantId: json(alarm.tenantId) };
  if (!maybeNumber.test(alarm.alarmId) && !maybeNumber.test(alarm.tenantId)) return texts;
  const raw = JSON.parse(alarm.rawAlarm) as { alarmId?: unknown; tenantId?: unknown };
  return {
    alarmId: typeof raw.alarmId === 'number' ? alarm.alarmId : texts.alarmId,
    tenantId: typeof raw.tenantId === 'number' ? alarm.tenantId : texts.tenantId,
  };
}

/** The alarm with no more than our parser needs, each text in at most `bytes`, so that a retry can still be read and sent. */
function reduced(alarm: Alarm, bytes: number): Notification['alarm'] {
  const raw = JSON.parse(alarm.rawAlarm) as Readonly<Record<string, unknown>>;
  const cut = (text: string): string => cutToJson(text, bytes);
  const texts = {
    alarmName: cut(alarm.alarmName),
    alarmDescription: cut(alarm.alarmDescription),
    stateChangeReason: cut(alarm.stateChangeReason),
    severity: alarm.severity && cut(alarm.severity),
    link: alarm.link && cut(alarm.link),
    lifecycleState: alarm.lifecycleState && cut(alarm.lifecycleState),
    metrics: [],
  };
  const { tenantId, alarmId, alarmDefinitionId, oldState, newState, timestamp, actionsEnabled } = raw;
  const kept = { tenantId, alarmId, alarmDefinitionId, oldState, newState, timestamp, actionsEnabled, ...texts };
  return { ...alarm, ...texts, rawAlarm: JSON.stringify(kept) };
}
