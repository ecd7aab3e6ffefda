import type { Alarm, RawAlarm } from './alarm.js';
import { EngineError, messageOf } from './errors.js';
import type { DigestEntry, Notification, NotificationGroup, NotificationId, Replay, Verdict } from './notification.js';
import { type Attempt, deadReasons, type OutcomeRecord, type SettledAlarm } from './outcome.js';
import { alarmOf } from './parse-alarm.js';
import { type AlarmPosition, isNonEmpty, type NonEmpty, parseOffset, parsePlace, placeText } from './position.js';
import { Secret } from './secret.js';

/*
 * Payload text: one letter for the kind, a head without line breaks, a line break, then what came from Kafka as it came.
 *
 *     u<recordedAtMs>      the message, as text
 *     b<recordedAtMs>      the message, whose bytes are not UTF-8, in base64; of a replayed one both go on with reason and source
 *     k<recordedAtMs>      as u, a copy of an event that was read before
 *     g<JSON> , s<JSON>    the object inside `alarm-transitioned`; the head holds notifications, or outcome records
 *
 * The alarm is written once, however many methods it has, and read again by the parser of messages: its fields have one origin.
 * Addresses stand in the head in clear: payloads cross between our processes and are kept nowhere.
 */
type WirePlace = readonly [topic: string, partition: number, offset: string];
interface Head<Item> {
  readonly recordedAtMs: number;
  /** Where the alarm was read, when the item was read elsewhere: from the retry topic, say. */
  readonly from?: WirePlace | undefined;
  readonly items: readonly Item[];
}
interface WireNotification {
  readonly id: string;
  readonly attempt: number;
  readonly repeat: number;
  readonly dueAtMs?: number | undefined;
  readonly history?: readonly Attempt[] | undefined;
  readonly putOffCount?: number | undefined;
  readonly verdict?: WireVerdict | undefined;
  readonly replay?: Replay | undefined;
  readonly digest?: readonly DigestEntry[] | undefined;
  readonly method: { id: string; name: string; type: string; address: string; periodMs: number };
}
type WireVerdict = Exclude<Verdict, { outcome: 'superseded' }> | { outcome: 'superseded'; by?: WirePlace | undefined };
type WithoutNotification<Record> = Record extends unknown ? Omit<Record, 'notification'> : never;
type WireRecord = WireNotification & {
  readonly outcome: string;
  readonly more: Readonly<{ [field: string]: unknown }>;
};

const exactUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The payload of a message as it was read. */
export function encodeRawAlarm(item: RawAlarm): string {
  const { replay } = item;
  const head = replay === undefined ? '' : ` ${replay.reason} ${placeText(replay.source)}`;
  try {
    return `${item.isKnown === true ? 'k' : 'u'}${item.recordedAtMs}${head}\n${exactUtf8.decode(item.value)}`;
  } catch {
    return `b${item.recordedAtMs}${head}\n${Buffer.from(item.value).toString('base64')}`;
  }
}

/** @throws PROTOCOL_VIOLATED when the payload is none of `encodeRawAlarm`. */
export function decodeRawAlarm(position: AlarmPosition, payload: string): RawAlarm {
  const { kind, head, body } = partsOf(payload);
  if (kind !== 'u' && kind !== 'b' && kind !== 'k') throw nonsense('a message', `kind ${kind}`);
  const [recordedAt, reason, place = ''] = head.split(' ');
  const value = Buffer.from(body, kind === 'b' ? 'base64' : 'utf8');
  const source = parsePlace(place);
  const known = deadReasons.find((one) => one === reason);
  const replay = source === undefined || known === undefined ? {} : { replay: { source, reason: known } };
  return { position, recordedAtMs: Number(recordedAt), value, ...replay, ...(kind === 'k' ? { isKnown: true } : {}) };
}

/** The payload of a group. All its notifications are of one alarm. */
export function encodeNotificationGroup(item: NotificationGroup): string {
  const items = item.notifications.map(wireNotification);
  return encoded('g', item.position, item.notifications[0].alarm, items);
}

/** @throws PROTOCOL_VIOLATED when the payload is none of `encodeNotificationGroup`. */
export function decodeNotificationGroup(position: AlarmPosition, payload: string): NotificationGroup {
  const { alarm, items } = decoded<WireNotification>('g', position, payload);
  return { position, notifications: mapped(items, (item) => notificationOf(item, position, alarm)) };
}

/** The payload of a settled alarm. All its records are of one alarm. */
export function encodeSettledAlarm(item: SettledAlarm): string {
  const items = item.records.map(wireRecord);
  return encoded('s', item.position, item.records[0].notification.alarm, items);
}

/** @throws PROTOCOL_VIOLATED when the payload is none of `encodeSettledAlarm`. */
export function decodeSettledAlarm(position: AlarmPosition, payload: string): SettledAlarm {
  const { alarm, items } = decoded<WireRecord>('s', position, payload);
  return { position, records: mapped(items, (item) => recordOf(item, notificationOf(item, position, alarm))) };
}

/**
 * The Kafka message behind a payload of any kind, without parsing it: what is parked of an item that kills whoever opens it.
 *
 * Holds no address. Of the later kinds the message is put together again around its alarm. Never throws.
 */
export function messageOfPayload(payload: string): Uint8Array {
  const { kind, body } = partsOf(payload);
  if (kind === 'g' || kind === 's') return Buffer.from(`{"alarm-transitioned":${body}}`);
  return Buffer.from(body, kind === 'b' ? 'base64' : 'utf8');
}

/**
 * Where the item behind a payload was read first: its own position but for a replayed message, which keeps that of the parked one. Like
 * `messageOfPayload` it opens nothing but what our own head says, and never throws.
 */
export function sourceOfPayload(position: AlarmPosition, payload: string): AlarmPosition {
  const { kind, head } = partsOf(payload);
  if (kind === 'u' || kind === 'b') return parsePlace(head.split(' ')[2] ?? '') ?? position;
  const from = /^\{"recordedAtMs":[0-9]+,"from":\["([^"\\]+)",([0-9]+),"([0-9]+)"\]/.exec(head);
  const place = from === null ? undefined : parsePlace(from.slice(1).join('/'));
  // A retry lies in another topic than its alarm, and one alarm may have several: each keeps its own place.
  return place !== undefined && place.topic === position.topic ? place : position;
}

function partsOf(payload: string): { kind: string; head: string; body: string } {
  const end = payload.indexOf('\n');
  if (end < 0) return { kind: '', head: '', body: payload };
  return { kind: payload.charAt(0), head: payload.slice(1, end), body: payload.slice(end + 1) };
}

function encoded(kind: string, position: AlarmPosition, alarm: Alarm, items: readonly WireNotification[]): string {
  const from = isSame(alarm.position, position) ? undefined : wirePlace(alarm.position);
  const head: Head<WireNotification> = { recordedAtMs: alarm.recordedAtMs, from, items };
  return `${kind}${JSON.stringify(head)}\n${alarm.rawAlarm}`;
}

function decoded<Item>(
  kind: string,
  position: AlarmPosition,
  payload: string,
): { alarm: Alarm; items: NonEmpty<Item> } {
  const parts = partsOf(payload);
  if (parts.kind !== kind) throw nonsense('a group or a settled alarm', `kind ${parts.kind}`);
  try {
    const head = JSON.parse(parts.head) as Head<Item>;
    const source = {
      position: head.from === undefined ? position : placeOf(head.from),
      recordedAtMs: head.recordedAtMs,
      rawAlarm: parts.body,
    };
    if (!isNonEmpty(head.items)) throw new TypeError('expected at least one item');
    return { alarm: alarmOf(JSON.parse(parts.body) as Record<string, unknown>, source).alarm, items: head.items };
  } catch (error) {
    // A parser of JSON quotes what it was given.
    throw nonsense('a group or a settled alarm', error instanceof SyntaxError ? 'no JSON' : messageOf(error));
  }
}

function nonsense(expected: string, got: string): EngineError {
  return new EngineError('PROTOCOL_VIOLATED', `cannot read a payload: expected ${expected}, got ${got}`, {
    retriable: false,
  });
}

function mapped<In, Out>([first, ...rest]: NonEmpty<In>, map: (item: In) => Out): NonEmpty<Out> {
  return [map(first), ...rest.map(map)];
}

function isSame(one: AlarmPosition, other: AlarmPosition): boolean {
  return one.offset === other.offset && one.partition === other.partition && one.topic === other.topic;
}

function wirePlace(at: AlarmPosition): WirePlace {
  return [at.topic, at.partition, at.offset.toString()];
}

function placeOf([topic, partition, offset]: WirePlace): AlarmPosition {
  return { topic, partition, offset: parseOffset(offset) };
}

function wireNotification(notification: Notification): WireNotification {
  const { verdict, method } = notification;
  const { id, name, type, address, periodMs } = method;
  // JSON leaves out what is undefined.
  return {
    id: notification.id,
    attempt: notification.attempt,
    repeat: notification.repeat,
    dueAtMs: notification.dueAtMs,
    history: notification.history,
    putOffCount: notification.putOffCount,
    verdict: verdict && wireVerdict(verdict),
    replay: notification.replay,
    digest: notification.digest,
    method: { id, name, type, address: address.reveal(), periodMs },
  };
}

function notificationOf(item: WireNotification, position: AlarmPosition, alarm: Alarm): Notification {
  const { id, name, type, address, periodMs } = item.method;
  const method = { id, name, type, address: new Secret(address), periodMs };
  const notification: { -readonly [Field in keyof Notification]: Notification[Field] } = {
    position,
    id: item.id as NotificationId,
    alarm,
    method,
    attempt: item.attempt,
    repeat: item.repeat,
  };
  if (item.dueAtMs !== undefined) notification.dueAtMs = item.dueAtMs;
  if (item.history !== undefined) notification.history = item.history;
  if (item.putOffCount !== undefined) notification.putOffCount = item.putOffCount;
  if (item.verdict !== undefined) notification.verdict = verdictOf(item.verdict);
  if (item.replay !== undefined) notification.replay = item.replay;
  if (item.digest !== undefined) notification.digest = item.digest;
  return notification;
}

function wireVerdict(verdict: Verdict): WireVerdict {
  return verdict.outcome === 'superseded' ? { ...verdict, by: verdict.by && wirePlace(verdict.by) } : verdict;
}

function verdictOf(verdict: WireVerdict): Verdict {
  return verdict.outcome === 'superseded' ? { ...verdict, by: verdict.by && placeOf(verdict.by) } : verdict;
}

function wireRecord(record: OutcomeRecord): WireRecord {
  const { notification, outcome, ...more } = record;
  const base = { ...wireNotification(notification), outcome };
  if (record.outcome !== 'superseded') return { ...base, more };
  return { ...base, more: { ...more, by: record.by && wirePlace(record.by) } };
}

function recordOf(item: WireRecord, notification: Notification): OutcomeRecord {
  const history = item.more.history as readonly Attempt[];
  const fields = { outcome: item.outcome, ...item.more } as WithoutNotification<OutcomeRecord>;
  switch (fields.outcome) {
    case 'superseded': {
      const by = item.more.by as WirePlace | undefined;
      return { ...fields, notification, history, by: by && placeOf(by) };
    }
    case 'sent':
      return { ...fields, notification, history, remoteId: fields.remoteId };
    case 'retrying':
    case 'dead':
    case 'expired':
    case 'digested':
      return { ...fields, notification, history };
    default:
      throw nonsense('an outcome', describe(fields));
  }
}

function describe(unknownOutcome: never): string {
  return `an unknown one: ${String((unknownOutcome as { outcome?: unknown }).outcome)}`;
}
