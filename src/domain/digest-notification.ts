import type { Alarm } from './alarm.js';
import { type DigestEntry, identityOf, type Notification, type NotificationId } from './notification.js';
import type { OutcomeRecord } from './outcome.js';
import { alarmOf } from './parse-alarm.js';
import type { AlarmPosition } from './position.js';
import { Secret } from './secret.js';

/** Lines of the built-in text; every alarm is in the list beside it. */
const longestListCount = 200;
const longestNameLength = 200;

export interface DigestFacts {
  /** The same whenever the same versions go to the same method. */
  readonly id: string;
  readonly userId: string;
  readonly methodId: string;
  /** Oldest first; empty only where the method asked for empty digests. */
  readonly entries: readonly DigestEntry[];
  /** Epoch milliseconds of the flush. */
  readonly atMs: number;
  /** The topic partition whose owner made it; a digest has no offset. */
  readonly position: AlarmPosition;
}

/**
 * A digest as a notification that was never tried and is due at once, for the retry topic.
 *
 * Its alarm is made up and sums the others up, so that every notifier, template and limit works on it as on any alarm. Who reads it looks
 * the method up, so that name, type and address are left empty here.
 */
export function waitingDigest({ id, userId, methodId, entries, atMs, position }: DigestFacts): OutcomeRecord {
  const isCritical = entries.some(({ status }) => status === 'CRITICAL');
  const rawAlarm = JSON.stringify({
    tenantId: userId,
    alarmId: `digest-${id}`,
    alarmName: `digest: ${entries.length === 1 ? '1 active alarm' : `${entries.length} active alarms`}`,
    oldState: 'OK',
    newState: entries.length === 0 ? 'OK' : 'ALARM',
    ...(entries.length === 0 ? {} : { severity: isCritical ? 'CRITICAL' : 'MEDIUM' }),
    stateChangeReason: linesOf(entries),
    timestamp: atMs,
    metrics: [],
  });
  const method = { id: methodId, name: '', type: '', address: new Secret(''), periodMs: 0 };
  const alarm = readBack(rawAlarm, position, atMs);
  const notification: Notification = {
    ...{ position, id: id as NotificationId, alarm, method, attempt: 1, repeat: 0, digest: entries },
  };
  return { notification, history: [], outcome: 'retrying', notBeforeMs: atMs, detail: 'a digest that is due' };
}

/** One record for each alarm of a digest that was sent, beside that of the digest itself; none of any other record. */
export function recordsInside(record: OutcomeRecord): readonly OutcomeRecord[] {
  const { notification, outcome } = record;
  if (outcome !== 'sent' || notification.digest === undefined) return [];
  const { alarm, method, id } = notification;
  return notification.digest.map(({ alarmId, name, status, changedAt }) => {
    const rawAlarm = JSON.stringify({
      ...{ tenantId: alarm.tenantId, alarmId, alarmName: name, oldState: 'OK', newState: 'ALARM' },
      ...{ severity: status === 'CRITICAL' ? 'CRITICAL' : 'MEDIUM', stateChangeReason: `in digest ${id}` },
      ...{ timestamp: Date.parse(changedAt), changedAt, status, metrics: [] },
    });
    const { position, attempt } = notification;
    const inside = readBack(rawAlarm, alarm.position, alarm.recordedAtMs);
    const own = { position, id: identityOf([id, alarmId]), alarm: inside, method, attempt, repeat: 0 };
    return { ...record, notification: own };
  });
}

function readBack(rawAlarm: string, position: AlarmPosition, recordedAtMs: number): Alarm {
  return alarmOf(JSON.parse(rawAlarm) as Record<string, unknown>, { position, recordedAtMs, rawAlarm }).alarm;
}

function linesOf(entries: readonly DigestEntry[]): string {
  const lines = entries
    .slice(0, longestListCount)
    .map(({ name, status, changedAt }) => `${status} ${name.slice(0, longestNameLength)} since ${changedAt}`);
  const more = entries.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
