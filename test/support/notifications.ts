import type { Alarm } from '../../src/domain/alarm.js';
import { type Notification, notificationId } from '../../src/domain/notification.js';
import { Secret } from '../../src/domain/secret.js';

/** An alarm that differs in every field, with `changes` on top. */
export function anAlarm(changes: Partial<Alarm> = {}): Alarm {
  return {
    position: { topic: 'alarm-state-transitions', partition: 3, offset: 812n },
    alarmId: '20a54a65',
    alarmName: 'test Alarm',
    alarmDescription: 'test Alarm description',
    alarmDefinitionId: '78ce7b53',
    tenantId: '62f7a7a3',
    oldState: 'OK',
    newState: 'ALARM',
    stateChangeReason: 'I am alarming!',
    severity: 'LOW',
    link: 'some-link',
    lifecycleState: 'OPEN',
    metrics: [{ id: null, name: 'cpu.percent', dimensions: { hostname: 'foo1', service: 'bar1' } }],
    actionsEnabled: true,
    changedAtMs: 1_429_023_453_632,
    recordedAtMs: 1_429_023_454_000,
    rawAlarm: '{}',
    ...changes,
  };
}

/** The first telling of that alarm to one method. */
export function aNotification(type: string, address: string, changes: Partial<Notification> = {}): Notification {
  const alarm = changes.alarm ?? anAlarm();
  return {
    position: alarm.position,
    id: notificationId(alarm.position, 'nm-1'),
    alarm,
    method: { id: 'nm-1', name: 'test notification', type, address: new Secret(address), periodMs: 0 },
    attempt: 1,
    repeat: 0,
    ...changes,
  };
}
