import { createHash } from 'node:crypto';
import { type AlarmStatus, plainStateOf, severityOf } from './alarm-status.js';

/** The columns of alarm definitions in MySQL hold so many characters. */
const maxDefinitionIdLength = 36;

/** Who publishes: the program, its host, its version. */
export interface EventSource {
  readonly type: 'alert-exec' | 'probe' | 'canary' | 'external';
  readonly instance: string;
  readonly version: string;
}

/** What stays the same over all events of one alarm. */
export interface AlarmIdentity {
  readonly tenantId: string;
  readonly alarmId: string;
  readonly alarmDefinitionId: string;
}

/** One thing that a producer says of an alarm: that its state has changed or, as a repeat, that it has not. */
export interface AlarmEvent extends AlarmIdentity {
  readonly alarmName: string;
  readonly alarmDescription: string | undefined;
  readonly oldStatus: AlarmStatus;
  readonly status: AlarmStatus;
  readonly reason: string;
  /** When the state changed, epoch milliseconds; in a repeat the time of the change that it repeats. */
  readonly changedAtMs: number;
  /** When this event arose; the same as `changedAtMs` but in a repeat. */
  readonly atMs: number;
  readonly kind: 'transition' | 'repeat';
  readonly sequence: number;
  readonly source: EventSource;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly link: string | undefined;
}

/** The Kafka message of an event; keyed by tenant unless its producer spreads the alarms of one tenant. */
export interface EventMessage {
  readonly key: string;
  readonly value: string;
}

/**
 * Writes an event as `alarm-transitioned` with every key that any consumer of plain messages insists on, null or empty where there is
 * nothing to say.
 *
 * Holds what it was given: whoever makes an event keeps secrets out of it.
 */
export function encodeAlarmEvent(event: AlarmEvent, keyBy: 'tenant' | 'alarm' = 'tenant'): EventMessage {
  const { tenantId, alarmId, sequence } = event;
  const fields = {
    tenantId,
    alarmId,
    alarmDefinitionId: event.alarmDefinitionId,
    alarmName: event.alarmName,
    alarmDescription: event.alarmDescription ?? null,
    oldState: plainStateOf(event.oldStatus),
    newState: plainStateOf(event.status),
    oldStatus: event.oldStatus,
    status: event.status,
    severity: severityOf(event.status) ?? null,
    stateChangeReason: event.reason,
    changedAt: new Date(event.changedAtMs).toISOString(),
    timestamp: event.atMs,
    kind: event.kind,
    sequence,
    eventId: eventIdOf(tenantId, alarmId, sequence),
    source: event.source,
    ...(event.details === undefined ? {} : { details: event.details }),
    actionsEnabled: true,
    link: event.link ?? null,
    lifecycleState: null,
    ...(event.labels === undefined ? {} : { labels: event.labels }),
    metrics: [],
    subAlarms: [],
  };
  const key = keyBy === 'tenant' ? tenantId : `${tenantId}/${alarmId}`;
  return { key, value: JSON.stringify({ 'alarm-transitioned': fields }) };
}

/** The same for every copy of one event: 32 hex digits. */
export function eventIdOf(tenantId: string, alarmId: string, sequence: number): string {
  return hashOf([tenantId, alarmId, String(sequence)]);
}

/** A name for things that have none of their own: the hash of these parts in UUID form. */
export function uuidOf(parts: readonly string[]): string {
  return hashOf(parts).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The definition under which methods are looked up: the id of the alarm where the database has room for it, else its hash. */
export function definitionIdOf(alarmId: string): string {
  return alarmId.length <= maxDefinitionIdLength ? alarmId : uuidOf([alarmId]);
}

/** The first 16 bytes, in hex, of SHA-256 over the parts, each as UTF-8 with its length in bytes, 4 bytes big-endian, in front. */
function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    hash.update(length).update(part);
  }
  return hash.digest('hex').slice(0, 32);
}
