import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentKey } from '../../../../src/notifiers/incident-key.js';
import { closing, newAlert } from '../../../../src/notifiers/opsgenie/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { aNotification, anAlarm } from '../../../support/notifications.js';

const golden = aNotification('opsgenie', 'KEY', { alarm: goldenAlarm() });
const text = [
  'ALARM CRITICAL: cpu é high (foo1)',
  'Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]',
  'http://runbook',
  'Alarm 20a54a65 at 2015-04-14T14:57:33.632Z',
].join('\n');

test('a new alert carries what the documents ask for', () => {
  assert.deepEqual(newAlert(golden), {
    message: 'ALARM CRITICAL: cpu é high (foo1)',
    alias: incidentKey(golden),
    description: text,
    entity: 'foo1',
    source: 'mon-notification',
    priority: 'P1',
    details: {
      alarm_id: '20a54a65',
      tenant_id: '62f7a7a3',
      state: 'ALARM',
      old_state: 'OK',
      notification_id: golden.id,
    },
  });
  assert.deepEqual(closing(golden), { source: 'mon-notification', note: text });
});

test('translates severities, and leaves an absent one in the middle', () => {
  const priorities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', undefined, 'x'].map(
    (severity) => newAlert({ ...golden, alarm: anAlarm({ severity }) }).priority,
  );
  assert.deepEqual(priorities, ['P1', 'P2', 'P3', 'P4', 'P3', 'P3']);
});

test('stays within every limit', () => {
  const huge = 'é"\\'.repeat(2e5);
  const alarm = anAlarm({
    alarmName: huge,
    stateChangeReason: huge,
    alarmId: huge,
    tenantId: huge,
    newState: huge,
    metrics: [],
  });
  const alert = newAlert({ ...golden, alarm });
  assert.ok(String(alert.message).length <= 130);
  assert.ok(String(alert.alias).length <= 512);
  assert.ok(String(alert.entity).length <= 512);
  assert.ok(String(alert.description).length <= 15_000);
  assert.ok(Object.values(alert.details as object).join('').length <= 8_000);
});
