import type { Alarm } from '../domain/alarm.js';
import { type Notification, notificationId } from '../domain/notification.js';
import { Secret } from '../domain/secret.js';

/** An alarm that never was, and what is special about it. */
export interface TemplateFixture {
  readonly what: string;
  readonly notification: Notification;
}

const changedAtMs = 1_429_023_453_632;
const position = { topic: 'alarm-state-transitions', partition: 0, offset: 0n };

const plain: Alarm = {
  position,
  alarmId: 'a7d39d4c-2a1f-4a5c-9d7e-0c5b8e3f6a11',
  alarmName: 'cpu is high',
  alarmDescription: 'the processors of a host are busy',
  alarmDefinitionId: '5f2d6c1e-7b3a-4f0e-8c9d-2a4b6c8d0e12',
  tenantId: 'c6f3a1b2d4e5',
  oldState: 'OK',
  newState: 'ALARM',
  stateChangeReason: 'Thresholds were exceeded for the sub-alarms: max(cpu.percent) > 90 with the values: [97.0]',
  severity: 'HIGH',
  link: 'https://wiki.example/cpu?from=alarm&page=1',
  lifecycleState: 'OPEN',
  metrics: [
    { id: null, name: 'cpu.percent', dimensions: { hostname: 'web-1', service: 'shop' } },
    { id: null, name: 'cpu.percent', dimensions: { hostname: 'web-2', service: 'shop' } },
  ],
  actionsEnabled: true,
  changedAtMs,
  recordedAtMs: changedAtMs + 500,
  rawAlarm: '{"labels":{"team":"web"}}',
};

/** Of 2014: no severity, no metrics, nothing that may be missing. */
const bare: Partial<Alarm> = {
  alarmDescription: '',
  alarmDefinitionId: undefined,
  severity: undefined,
  link: undefined,
  lifecycleState: undefined,
  metrics: [],
  rawAlarm: '{}',
};

const hostile = '<script>"\'{{ state }}{% if %}\\ @channel <!here> `*_~ \u0000\r\n\u2028 é 🚨';
const hostileAlarm: Partial<Alarm> = {
  alarmName: hostile,
  alarmDescription: hostile,
  stateChangeReason: hostile,
  severity: hostile,
  lifecycleState: hostile,
  metrics: [null, 7, { name: hostile, dimensions: { [hostile]: hostile, hostname: hostile } }, { dimensions: [1] }],
  rawAlarm: JSON.stringify({ labels: { [hostile]: hostile } }),
};
const longAlarm: Partial<Alarm> = {
  alarmName: 'n'.repeat(5_000),
  stateChangeReason: 'r'.repeat(50_000),
  metrics: Array.from({ length: 500 }, (_, index) => ({ name: 'm', dimensions: { hostname: `host-${index}` } })),
};

const changes: readonly (readonly [what: string, changes: Partial<Alarm>])[] = [
  ['an ALARM', {}],
  ['an OK', { newState: 'OK', oldState: 'ALARM' }],
  ['an UNDETERMINED', { newState: 'UNDETERMINED' }],
  ['an alarm of 2014 without metrics', bare],
  ['an alarm full of markup', hostileAlarm],
  ['an alarm with very long texts', longAlarm],
];

/** Alarms of every kind, told to a method of this type and name: what templates are tried with. */
export function templateFixtures(type: string, methodName: string | undefined): readonly TemplateFixture[] {
  const method = { id: 'fixture', name: methodName ?? 'fixture', type, address: new Secret(''), periodMs: 0 };
  const id = notificationId(position, method.id);
  return changes.map(([what, change]) => {
    return { what, notification: { position, id, alarm: { ...plain, ...change }, method, attempt: 1, repeat: 0 } };
  });
}
