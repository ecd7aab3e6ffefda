import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertGroup } from '../../../../src/notifiers/alertmanager/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { aNotification, anAlarm } from '../../../support/notifications.js';

const golden = aNotification('alertmanager', 'http://receiver.example/', { alarm: goldenAlarm() });

function onlyAlert(changes: Parameters<typeof anAlarm>[0]): Readonly<Record<string, unknown>> {
  const { alerts } = alertGroup({ ...golden, alarm: anAlarm(changes) });
  return (alerts as readonly Readonly<Record<string, unknown>>[])[0] ?? {};
}

test('has every field of version 4', () => {
  const labels = {
    hostname: 'foo1',
    service: 'bar 1',
    alertname: 'cpu é high',
    alarm_id: '20a54a65',
    tenant_id: '62f7a7a3',
    severity: 'critical',
  };
  const annotations = {
    summary: 'Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]',
    description: 'desc',
    state: 'ALARM',
    old_state: 'OK',
    notification_id: golden.id,
  };
  const { alerts, ...group } = alertGroup(golden);
  assert.deepEqual(group, {
    version: '4',
    groupKey: '{}:{alarm_id="20a54a65"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'test notification',
    groupLabels: { alarm_id: '20a54a65' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
  });
  const [{ fingerprint, ...alert }] = alerts as [{ fingerprint: string }];
  assert.match(fingerprint, /^[0-9a-f]{16}$/);
  assert.deepEqual(alert, {
    status: 'firing',
    labels,
    annotations,
    startsAt: '2015-04-14T14:57:33.632Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://runbook',
  });
});

test('is resolved by OK, under the same labels and fingerprint', () => {
  const firing = onlyAlert({});
  const resolved = onlyAlert({ newState: 'OK', oldState: 'ALARM' });
  assert.deepEqual([firing.status, resolved.status], ['firing', 'resolved']);
  assert.deepEqual([resolved.labels, resolved.fingerprint], [firing.labels, firing.fingerprint]);
  assert.equal(resolved.endsAt, '2015-04-14T14:57:33.632Z');
});

test('takes the dimensions that all metrics share, as label names are spelt', () => {
  const metrics = [
    { dimensions: { 'host-name': 'a', '0disk': 'x', other: '1', alertname: 'fake' } },
    { dimensions: { 'host-name': 'a', '0disk': 'x', other: '2', alertname: 'fake', number: 1 } },
  ];
  assert.deepEqual(onlyAlert({ metrics, severity: undefined }).labels, {
    host_name: 'a',
    _0disk: 'x',
    alertname: 'test Alarm',
    alarm_id: '20a54a65',
    tenant_id: '62f7a7a3',
  });
  for (const strange of [[], ['cpu', null], [{ dimensions: null }]]) {
    assert.deepEqual(Object.keys(onlyAlert({ metrics: strange }).labels as object).length, 4);
  }
});
