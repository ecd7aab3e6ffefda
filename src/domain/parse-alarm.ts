import { createHash } from 'node:crypto';
import type { Alarm, RawAlarm } from './alarm.js';
import { EngineError } from './errors.js';
import { type EventFacts, eventFields, readEventFacts } from './event-facts.js';
import { scanJson } from './json-scan.js';
import { type AlarmPosition, positionText } from './position.js';
import { alarmOfStatusChange, isStatusChange } from './status-change.js';

const rootKey = 'alarm-transitioned';
const maxMessageBytes = 1024 * 1024;
const maxDepth = 100;
const maxValueCount = 100_000;
const maxIdLength = 255;
const maxStateLength = 20;
/** From here on a timestamp is milliseconds. As seconds it would be the year 5138, as milliseconds it is March 1973. */
const firstMillisecondTimestamp = 1e11;
/** The last instant that a Date can hold: a later one would throw wherever it is shown. */
const lastInstantMs = 8.64e15;

/** Fields that only decorate: a wrong type costs the field, never the alarm. A closed set: it labels a metric. */
export const decoratingFields = [
  'alarmDescription',
  'severity',
  'link',
  'lifecycleState',
  'metrics',
  'subAlarms',
  ...eventFields,
] as const;
export type DecoratingField = (typeof decoratingFields)[number];

/** An alarm, and which decorating fields were of a wrong type and hence left out. */
export interface ReadAlarm {
  readonly alarm: Alarm;
  readonly defaulted: readonly DecoratingField[];
}

/** What an alarm carries besides the object that its producer wrote. */
export type AlarmSource = Pick<Alarm, 'position' | 'recordedAtMs' | 'rawAlarm'>;

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads one alarm out of the bytes of a Kafka message.
 *
 * Expects UTF-8 JSON of at most 1 MiB, an object whose key `alarm-transitioned` holds the alarm, or an `AlarmStatusChanged`; nesting and the number of values are capped
 * before anything is built. Unknown fields survive in `rawAlarm`, which is the text of that object as it came. Missing or mistyped fields that
 * decide are not forgiven, those that decorate are. A replayed message is at its first position. `timestamp` below 1e11 is seconds, fractions allowed; from there on milliseconds.
 *
 * @throws ALARM_MALFORMED, never retriable. Names the first offending field and never quotes the message: its text is a tenant's.
 */
export function parseAlarm(raw: RawAlarm): Alarm {
  return readAlarm(raw).alarm;
}

/** The same, together with the fields that were left out. @throws ALARM_MALFORMED */
export function readAlarm(raw: RawAlarm): ReadAlarm {
  const text = textOf(raw.value);
  const shape = scanJson(text, rootKey);
  if (shape.depth > maxDepth) throw malformed(`the message is nested deeper than ${maxDepth} levels`);
  if (shape.valueCount > maxValueCount) throw malformed(`the message holds more than ${maxValueCount} values`);
  const root = parsed(text);
  if (!isMembers(root)) throw malformed(`the message: expected an object, got ${kindOf(root)}`);
  if (!Object.hasOwn(root, rootKey) && isStatusChange(root)) {
    return alarmOf(root, { position: raw.position, recordedAtMs: raw.recordedAtMs, rawAlarm: text.trim() });
  }
  const members = own(root, rootKey);
  if (!isMembers(members)) throw malformed(`${rootKey}: expected an object, got ${kindOf(members)}`);
  const rawAlarm = shape.member ?? JSON.stringify(members);
  const position = raw.replay?.source ?? raw.position;
  return alarmOf(members, { position, recordedAtMs: raw.recordedAtMs, rawAlarm });
}

/**
 * Reads one alarm out of the object inside `alarm-transitioned`, of which `source.rawAlarm` is the text.
 *
 * All fields of an alarm but its position and the time of Kafka come from that object, so whoever has it has the alarm.
 * @throws ALARM_MALFORMED
 */
export function alarmOf(object: Members, source: AlarmSource): ReadAlarm {
  const members = isStatusChange(object) ? alarmOfStatusChange(object, wrong) : object;
  const defaulted: DecoratingField[] = [];
  const decoration = (field: DecoratingField): string | undefined => {
    const value = own(members, field) ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    defaulted.push(field);
    return undefined;
  };
  const list = (field: DecoratingField): readonly unknown[] => {
    const value = own(members, field) ?? [];
    if (Array.isArray(value)) return value;
    defaulted.push(field);
    return [];
  };
  // The order of these lines decides which field an error names.
  const alarm: Alarm & { event?: EventFacts } = {
    position: source.position,
    actionsEnabled: flag(members, 'actionsEnabled'),
    alarmId: id(members, 'alarmId'),
    alarmDefinitionId: optionalId(members, 'alarmDefinitionId'),
    alarmName: words(members, 'alarmName'),
    newState: words(members, 'newState', maxStateLength),
    oldState: words(members, 'oldState', maxStateLength),
    stateChangeReason: words(members, 'stateChangeReason'),
    tenantId: id(members, 'tenantId'),
    changedAtMs: instantMs(members, 'timestamp'),
    alarmDescription: decoration('alarmDescription') ?? '',
    severity: decoration('severity'),
    link: decoration('link'),
    lifecycleState: decoration('lifecycleState'),
    metrics: list('metrics'),
    recordedAtMs: source.recordedAtMs,
    rawAlarm: source.rawAlarm,
  };
  list('subAlarms');
  const event = readEventFacts(members, alarm, (field) => defaulted.push(field));
  if (event !== undefined) alarm.event = event;
  return { alarm, defaulted };
}

const plainId = /^"alarmId"[ \t\r\n]*:[ \t\r\n]*"([\x20\x21\x23-\x5b\x5d-\x7e]{1,64})"/;
const alarmIdName = Buffer.from('"alarmId"');
const maxKeyLength = 64;

/**
 * The text that keeps the transitions of one alarm in order: its id, hashed when longer than 64 characters; of an unreadable message, which
 * belongs to no alarm, the position.
 *
 * Cheap where the id stands in the message once and in plain letters, which is how producers write it. Never throws.
 */
export function orderKeyOf(value: Uint8Array, position: AlarmPosition): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const at = bytes.indexOf(alarmIdName);
  if (at >= 0 && bytes.indexOf(alarmIdName, at + 1) < 0) {
    const found = plainId.exec(bytes.toString('latin1', at, at + 100));
    if (found?.[1] !== undefined) return found[1];
  }
  return orderKeyOfAlarm(parsedAlarmId(value) ?? positionText(position));
}

function parsedAlarmId(value: Uint8Array): string | undefined {
  try {
    const root = parsed(textOf(value));
    const object = isMembers(root) ? (own(root, rootKey) ?? root) : undefined;
    if (!isMembers(object)) return undefined;
    return id(isStatusChange(object) ? alarmOfStatusChange(object, wrong) : object, 'alarmId');
  } catch {
    return undefined;
  }
}

/** The same for an alarm that was read already: its id, hashed when longer than 64 characters. */
export function orderKeyOfAlarm(alarmId: string): string {
  return alarmId.length <= maxKeyLength ? alarmId : createHash('sha256').update(alarmId).digest('base64url');
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(value: Uint8Array): string {
  if (value.byteLength > maxMessageBytes) {
    throw malformed(`the message has ${value.byteLength} bytes, more than ${maxMessageBytes}`);
  }
  try {
    return strictUtf8.decode(value);
  } catch {
    throw malformed('the message is not UTF-8');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the message, so they stay behind.
    throw malformed(text === '' ? 'the message is empty' : 'the message is not JSON');
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member that the text itself has: never one that every object inherits. */
function own(members: Members, field: string): unknown {
  return Object.hasOwn(members, field) ? members[field] : undefined;
}

function flag(members: Members, field: string): boolean {
  const value = own(members, field);
  if (value === undefined || value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw wrong(field, 'true, false, 1, 0 or nothing', value);
}

/** Text, or a whole number as decimal text. A number beyond 2^53 has lost digits in parsing, and would name another alarm. */
function id(members: Members, field: string): string {
  const value = own(members, field);
  if (typeof value === 'string' && value.length >= 1 && value.length <= maxIdLength) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw wrong(field, `a text of 1 to ${maxIdLength} characters or a whole number below 2^53`, value);
}

/** An empty text is what the default of the column would say: no definition. */
function optionalId(members: Members, field: string): string | undefined {
  const value = own(members, field) ?? '';
  return value === '' ? undefined : id(members, field);
}

function words(members: Members, field: string, maxLength = maxMessageBytes): string {
  const value = own(members, field);
  if (typeof value === 'string' && value.length <= maxLength) return value;
  throw wrong(field, maxLength === maxMessageBytes ? 'a text' : `a text of at most ${maxLength} characters`, value);
}

function instantMs(members: Members, field: string): number {
  const value = own(members, field);
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw wrong(field, 'a number above 0', value);
  if (value >= firstMillisecondTimestamp) {
    if (value > lastInstantMs) throw wrong(field, `a number up to ${lastInstantMs}`, value);
    return Math.floor(value);
  }
  const seconds = Math.floor(value);
  return seconds * 1000 + Math.min(999, Math.round((value - seconds) * 1000));
}

function wrong(field: string, expected: string, value: unknown): EngineError {
  return malformed(`${field}: expected ${expected}, got ${kindOf(value)}`);
}

function malformed(problem: string): EngineError {
  return new EngineError('ALARM_MALFORMED', `malformed alarm: ${problem}`, { retriable: false });
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `a text of ${value.length} characters`;
  return typeof value === 'number' ? 'an unfit number' : `a ${typeof value}`;
}
