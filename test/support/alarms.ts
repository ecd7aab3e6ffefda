import type { Alarm, RawAlarm } from '../../src/domain/alarm.js';
import type { AlarmEvent } from '../../src/domain/alarm-event.js';
import { parseAlarm } from '../../src/domain/parse-alarm.js';
import type { AlarmPosition } from '../../src/domain/position.js';

export const somewhere: AlarmPosition = { topic: 'alarm-state-transitions', partition: 3, offset: 812n };

/** A complete alarm, in which every field has a value of its own; `changes` replaces fields, undefined removes them. */
export function alarmFields(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    tenantId: 't-17',
    alarmId: 'a-1',
    alarmDefinitionId: 'd-1',
    metrics: [{ id: null, name: 'cpu.percent', dimensions: { hostname: 'foo1' } }],
    alarmName: 'test Alarm',
    alarmDescription: 'test Alarm description',
    oldState: 'OK',
    newState: 'ALARM',
    actionsEnabled: true,
    stateChangeReason: 'I am alarming!',
    severity: 'LOW',
    link: 'http://some-place.com',
    lifecycleState: 'OPEN',
    subAlarms: [],
    timestamp: 1429023453632,
    ...changes,
  };
}

/** A message as Kafka holds it. */
export function rawMessage(value: string | Uint8Array, position = somewhere, recordedAtMs = 1429023454000): RawAlarm {
  return { position, recordedAtMs, value: typeof value === 'string' ? Buffer.from(value) : value };
}

export function alarmMessage(changes: Readonly<Record<string, unknown>> = {}, position = somewhere): RawAlarm {
  return rawMessage(JSON.stringify({ 'alarm-transitioned': alarmFields(changes) }), position);
}

export function alarmWith(changes: Readonly<Record<string, unknown>> = {}, position = somewhere): Alarm {
  return parseAlarm(alarmMessage(changes, position));
}

/** What a producer says of a transition, in which every field that is not left out has a value of its own. */
export const alarmEvent: AlarmEvent = {
  tenantId: 't-17',
  alarmId: 'alert-1',
  alarmDefinitionId: 'alert-1',
  alarmName: 'alert-1',
  alarmDescription: 'test-query-1',
  oldStatus: 'WARNING',
  status: 'CRITICAL',
  reason: 'critical',
  changedAtMs: 1772359215000,
  atMs: 1772359215000,
  kind: 'transition',
  sequence: 1772359200412,
  source: { type: 'alert-exec', instance: 'mon-1', version: '1.0.0' },
  details: { value: 250.5, warn: 100, critical: 200 },
  labels: undefined,
  link: undefined,
};
