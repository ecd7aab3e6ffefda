import type { Alarm } from './alarm.js';
import type { EventSource } from './alarm-event.js';
import { type AlarmStatus, isAlarmStatus, plainStateOf, statusOfPlain } from './alarm-status.js';
import { type Instant, instantOfMs, parseInstant } from './instant.js';

/** What producers of this package say beyond a plain message. Each is undefined when it is absent, or of a wrong type. */
export interface EventFacts {
  readonly oldStatus: AlarmStatus | undefined;
  readonly status: AlarmStatus | undefined;
  readonly kind: 'transition' | 'repeat' | undefined;
  readonly sequence: number | undefined;
  readonly changedAt: Instant | undefined;
  readonly eventId: string | undefined;
  readonly source: EventSource | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** The fields behind them, in the order in which they are looked at. */
export const eventFields = [
  'oldStatus',
  'status',
  'kind',
  'sequence',
  'changedAt',
  'eventId',
  'source',
  'details',
  'labels',
] as const;
export type EventField = (typeof eventFields)[number];

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads them out of the object of an alarm; undefined for a plain message, which has none of them.
 *
 * A field of a wrong type is left out and told to `report`; so is a status that contradicts the plain state beside it, because that is what
 * other consumers act on.
 */
export function readEventFacts(
  members: Members,
  states: { readonly oldState: string; readonly newState: string },
  report: (field: EventField) => void,
): EventFacts | undefined {
  if (!hasAny(members)) return undefined;
  const read = <T>(field: EventField, parse: (value: unknown) => T | undefined): T | undefined => {
    const value = Object.hasOwn(members, field) ? members[field] : undefined;
    if (value === undefined || value === null) return undefined;
    const found = parse(value);
    if (found === undefined) report(field);
    return found;
  };
  const beside = (state: string, status: AlarmStatus | undefined, field: EventField): AlarmStatus | undefined => {
    if (status === undefined || plainStateOf(status) === state.trimEnd().toUpperCase()) return status;
    report(field);
    return undefined;
  };
  return {
    oldStatus: beside(states.oldState, read('oldStatus', statusIn), 'oldStatus'),
    status: beside(states.newState, read('status', statusIn), 'status'),
    kind: read('kind', kindIn),
    sequence: read('sequence', sequenceIn),
    changedAt: read('changedAt', instantIn),
    eventId: read('eventId', eventIdIn),
    source: read('source', sourceIn),
    details: read('details', membersIn),
    labels: read('labels', labelsIn),
  };
}

/** Spelt out: nine lookups by name cost a plain message a tenth of its parsing. No object inherits one of these. */
function hasAny(members: Members): boolean {
  const { status, oldStatus, kind, sequence, changedAt, eventId, source, details, labels } = members;
  const hasMain = status !== undefined || kind !== undefined || sequence !== undefined || changedAt !== undefined;
  const hasOther = oldStatus !== undefined || eventId !== undefined || source !== undefined;
  return hasMain || hasOther || details !== undefined || labels !== undefined;
}

type Stated = Pick<Alarm, 'newState' | 'severity' | 'event'>;

/** The state in four levels; of a plain message what its state and severity make likely. */
export function statusOfAlarm({ event, newState, severity }: Stated): AlarmStatus {
  return event?.status ?? statusOfPlain(newState, severity);
}

/** When the state changed, as its producer wrote it, else its timestamp. Decides which of two events is newer. */
export function changeOfAlarm({ event, changedAtMs }: Pick<Alarm, 'event' | 'changedAtMs'>): Instant {
  return event?.changedAt ?? instantOfMs(changedAtMs);
}

/** True when the state did not change and is only announced again. */
export function isRepeat({ event }: Pick<Alarm, 'event'>): boolean {
  return event?.kind === 'repeat';
}

/** What an alarm is to a digest, or why it goes into none. */
export type InDigest = Readonly<
  { status: Exclude<AlarmStatus, 'UNKNOWN'>; leftOut?: undefined } | { leftOut: 'repeat' | 'unknown_status' }
>;

/** Says what a digest makes of an alarm: its status, or why it is left out. */
export function inDigest(alarm: Stated): InDigest {
  if (isRepeat(alarm)) return { leftOut: 'repeat' };
  const status = statusOfAlarm(alarm);
  return status === 'UNKNOWN' ? { leftOut: 'unknown_status' } : { status };
}

function statusIn(value: unknown): AlarmStatus | undefined {
  return isAlarmStatus(value) ? value : undefined;
}

function kindIn(value: unknown): EventFacts['kind'] {
  return value === 'transition' || value === 'repeat' ? value : undefined;
}

function sequenceIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function instantIn(value: unknown): Instant | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined;
}

function eventIdIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value) ? value : undefined;
}

function sourceIn(value: unknown): EventSource | undefined {
  if (!isMembers(value)) return undefined;
  const { type, instance, version } = value;
  if (type !== 'alert-exec' && type !== 'probe' && type !== 'canary' && type !== 'external') return undefined;
  return typeof instance === 'string' && typeof version === 'string' ? { type, instance, version } : undefined;
}

function membersIn(value: unknown): Members | undefined {
  return isMembers(value) ? value : undefined;
}

function labelsIn(value: unknown): Readonly<Record<string, string>> | undefined {
  return isMembers(value) && Object.values(value).every((label) => typeof label === 'string')
    ? (value as Readonly<Record<string, string>>)
    : undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
