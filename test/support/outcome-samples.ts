import type { Alarm } from '../../src/domain/alarm.js';
import { type Notification, notificationId } from '../../src/domain/notification.js';
import type { SettledAlarm } from '../../src/domain/outcome.js';
import type { AlarmPosition } from '../../src/domain/position.js';
import { Secret } from '../../src/domain/secret.js';

export function sampleAlarm(position: AlarmPosition, description = 'the disk is full'): Alarm {
  const rawAlarm = JSON.stringify({ alarmId: `alarm-${position.offset}`, alarmDescription: description });
  return {
    position,
    alarmId: `alarm-${position.offset}`,
    alarmName: 'disk',
    alarmDescription: description,
    alarmDefinitionId: undefined,
    tenantId: 'tenant',
    oldState: 'OK',
    newState: 'ALARM',
    stateChangeReason: 'because',
    severity: 'HIGH',
    link: undefined,
    lifecycleState: undefined,
    metrics: [],
    actionsEnabled: true,
    changedAtMs: 1_700_000_000_000,
    recordedAtMs: 1_700_000_000_000,
    rawAlarm,
  };
}

export function sampleNotification(position: AlarmPosition, methodId = 'm1', description?: string): Notification {
  const method = {
    id: methodId,
    name: 'ops',
    type: 'webhook',
    address: new Secret('https://example.org'),
    periodMs: 0,
  };
  const alarm = sampleAlarm(position, description);
  return { position, id: notificationId(position, methodId), alarm, method, attempt: 1, repeat: 0 };
}

/** An alarm with one method sent, one to be tried again and one given up. */
export function settledThreeWays(position: AlarmPosition): SettledAlarm {
  const history = [{ attempt: 1, atMs: 1_700_000_000_100, failure: 'timed_out' }] as const;
  const of = (methodId: string) => sampleNotification(position, methodId);
  return {
    position,
    records: [
      { outcome: 'sent', notification: of('sent'), history: [], sentAtMs: 1_700_000_000_050, remoteId: undefined },
      { outcome: 'retrying', notification: of('retrying'), history, notBeforeMs: 1_700_000_030_000, detail: 'late' },
      { outcome: 'dead', notification: of('dead'), history, reason: 'refused', detail: 'no such user' },
    ],
  };
}
