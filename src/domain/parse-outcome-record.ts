import type { Alarm } from './alarm.js';
import { type DeliveryFailure, deliveryFailures, EngineError } from './errors.js';
import { scanJson } from './json-scan.js';
import {
  type DigestEntry,
  identityOf,
  type Notification,
  type NotificationId,
  notificationId,
} from './notification.js';
import { type Attempt, type DeadReason, deadReasons, type MethodOutcome, methodOutcomes } from './outcome.js';
import { alarmOf } from './parse-alarm.js';
import { type AlarmPosition, parseOffset, parsePlace } from './position.js';
import { Secret } from './secret.js';

/** What one message of an output topic says. */
export type ReadRecord = RecordedOutcome | RecordedLetter;

/** How one method of an alarm ended, or that it waits for another try. */
export interface RecordedOutcome {
  readonly kind: 'outcome';
  /** `position` is where the record was read, `alarm.position` where the alarm was; `attempt` is the last try, 1 before the first. */
  readonly notification: Notification;
  /** Undefined in a record of the ancestor, which has no outcomes. */
  readonly outcome: MethodOutcome | undefined;
  /** Sends tried so far. */
  readonly triedCount: number;
  readonly lastTriedAtMs: number | undefined;
  readonly sentAtMs: number | undefined;
  /** Undefined is due now. */
  readonly notBeforeMs: number | undefined;
  readonly reason: DeadReason | undefined;
  readonly detail: string | undefined;
  readonly history: readonly Attempt[];
  readonly instance: string | undefined;
}

/** A message that was parked unread. */
export interface RecordedLetter {
  readonly kind: 'letter';
  /** Where the message was read first. */
  readonly position: AlarmPosition;
  readonly outcome: 'malformed' | 'dead';
  readonly reason: DeadReason;
  readonly detail: string | undefined;
  readonly raw: Uint8Array;
  /** True when `raw` is only the beginning. */
  readonly isCut: boolean;
  readonly instance: string | undefined;
}

type Members = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

/**
 * Reads one message of the retry, periodic, notification or dead-letter topic: our own records and the ancestor's of seventeen keys.
 *
 * Strict about what decides (alarm, method, state of the retry), lenient about the rest. A record without a notification id gets the one that
 * belongs to its source position or, when the ancestor wrote it, to alarm, raw timestamp and method, so that it is the same at each reading.
 * `readAt` is where the message was read.
 *
 * @throws ALARM_MALFORMED, never retriable, naming the first offending key and never quoting the message.
 */
export function parseOutcomeRecord(value: Uint8Array, headers: Headers, readAt: AlarmPosition): ReadRecord {
  if (headers['notification-raw'] !== undefined) return unwrappedLetter(value, headers, readAt);
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  const members = membersOf(text);
  if (typeof members.raw_base64 === 'string') return letterOf(members, members.raw_base64, readAt);
  return outcomeOf(text, members, readAt);
}

function unwrappedLetter(raw: Uint8Array, headers: Headers, readAt: AlarmPosition): RecordedLetter {
  return {
    kind: 'letter',
    position: parsePlace(headers['notification-source'] ?? '') ?? readAt,
    outcome: headers['notification-outcome'] === 'malformed' ? 'malformed' : 'dead',
    reason: reasonOf(headers['notification-reason']) ?? 'malformed',
    detail: headers['notification-detail'],
    raw,
    isCut: headers['notification-raw'] === 'cut',
    instance: headers['notification-instance'],
  };
}

function letterOf(members: Members, base64: string, readAt: AlarmPosition): RecordedLetter {
  return {
    kind: 'letter',
    position: sourceOf(members) ?? readAt,
    outcome: members.outcome === 'malformed' ? 'malformed' : 'dead',
    reason: reasonOf(members.reason) ?? 'malformed',
    detail: optionalText(members.detail),
    raw: Buffer.from(base64, 'base64'),
    isCut: false,
    instance: optionalText(members.instance),
  };
}

function outcomeOf(text: string, members: Members, readAt: AlarmPosition): RecordedOutcome {
  const raw = members.raw_alarm;
  if (!isMembers(raw)) throw broken('raw_alarm', 'an object');
  const rawAlarm = scanJson(text, 'raw_alarm').member ?? JSON.stringify(raw);
  const recordedAtMs = optionalNumber(members.recorded_at);
  const source = { position: sourceOf(members) ?? readAt, recordedAtMs: recordedAtMs ?? 0, rawAlarm };
  const read = alarmOf(raw, source).alarm;
  const alarm = { ...read, recordedAtMs: recordedAtMs ?? read.changedAtMs };
  const lastTriedAtMs = seconds(members.notification_timestamp);
  const retryCount = optionalNumber(members.retry_count) ?? 0;
  const triedCount = optionalNumber(members.attempt) ?? (lastTriedAtMs === undefined ? retryCount : retryCount + 1);
  return {
    kind: 'outcome',
    notification: notificationOf(members, raw, alarm, readAt, triedCount),
    outcome: methodOutcomes.find((outcome) => outcome === members.outcome),
    triedCount,
    lastTriedAtMs,
    sentAtMs: optionalNumber(members.sent_at),
    notBeforeMs: optionalNumber(members.not_before),
    reason: reasonOf(members.reason),
    detail: optionalText(members.detail),
    history: historyOf(members.history),
    instance: optionalText(members.instance),
  };
}

function notificationOf(
  members: Members,
  raw: Members,
  alarm: Alarm,
  readAt: AlarmPosition,
  triedCount: number,
): Notification {
  const methodId = typeof members.id === 'number' ? String(members.id) : members.id;
  if (typeof methodId !== 'string' || methodId === '') throw broken('id', 'the id of a method');
  if (typeof members.type !== 'string') throw broken('type', 'a text');
  const repeat = optionalNumber(members.repeat) ?? 0;
  const method = {
    id: methodId,
    name: optionalText(members.name) ?? '',
    type: members.type.toLowerCase(),
    address: new Secret(optionalText(members.address) ?? ''),
    periodMs: Math.max(0, (optionalNumber(members.period) ?? 0) * 1000),
  };
  const replayedAtMs = optionalNumber(members.replayed_at);
  const replay =
    replayedAtMs === undefined
      ? {}
      : { replay: { atMs: replayedAtMs, reason: reasonOf(members.parked_for) ?? 'refused' } };
  const given = members.notification_id;
  const derived = (): NotificationId =>
    sourceOf(members) === undefined
      ? identityOf([alarm.alarmId, String(raw.timestamp), methodId])
      : notificationId(alarm.position, methodId, repeat);
  const id = typeof given === 'string' && /^[\w-]{1,64}$/.test(given) ? (given as NotificationId) : derived();
  const putOffCount = optionalNumber(members.put_off);
  const waited = putOffCount === undefined ? {} : { putOffCount };
  const attempt = Math.max(1, triedCount);
  return { position: readAt, id, alarm, method, attempt, repeat, ...waited, ...replay, ...digestIn(members) };
}

/** What a digest does not need to be one: an entry of a wrong form is left out. */
function digestIn({ kind, alarms }: Members): { readonly digest?: readonly DigestEntry[] } {
  if (kind !== 'digest' || !Array.isArray(alarms)) return {};
  const digest = alarms.flatMap((entry: unknown): readonly DigestEntry[] => {
    if (!isMembers(entry)) return [];
    const { AlarmID: alarmId, AlarmName: name = alarmId, Status: status, LatestChangedAt: changedAt } = entry;
    if (typeof alarmId !== 'string' || typeof name !== 'string' || typeof changedAt !== 'string') return [];
    return status === 'WARNING' || status === 'CRITICAL' ? [{ alarmId, name, status, changedAt }] : [];
  });
  return { digest };
}

function historyOf(value: unknown): readonly Attempt[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (!isMembers(entry) || typeof entry.attempt !== 'number' || typeof entry.at !== 'number') return [];
    const failure: DeliveryFailure | undefined = deliveryFailures.find((known) => known === entry.failure);
    return failure === undefined ? [] : [{ attempt: entry.attempt, atMs: entry.at, failure }];
  });
}

function sourceOf(members: Members): AlarmPosition | undefined {
  const { source_topic: topic, source_partition: partition, source_offset: offset } = members;
  if (typeof topic !== 'string' || typeof partition !== 'number' || !Number.isSafeInteger(partition)) return undefined;
  try {
    return typeof offset === 'string' ? { topic, partition, offset: parseOffset(offset) } : undefined;
  } catch {
    return undefined;
  }
}

function membersOf(text: string): Members {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EngineError('ALARM_MALFORMED', 'broken record: it is not JSON', { retriable: false });
  }
  if (!isMembers(value)) throw new EngineError('ALARM_MALFORMED', 'broken record: no object', { retriable: false });
  return value;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function broken(key: string, expected: string): EngineError {
  return new EngineError('ALARM_MALFORMED', `broken record: ${key}: expected ${expected}`, { retriable: false });
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  const found = optionalNumber(value);
  return found === undefined ? undefined : Math.round(found * 1000);
}

function reasonOf(value: unknown): DeadReason | undefined {
  return deadReasons.find((reason) => reason === value);
}
