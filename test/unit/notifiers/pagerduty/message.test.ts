import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { incidentKey } from '../../../../src/notifiers/incident-key.js';
import { alertEvent, genericEvent } from '../../../../src/notifiers/pagerduty/message.js';
import { goldenAlarm, goldenCase } from '../../../support/golden.js';
import { aNotification, anAlarm } from '../../../support/notifications.js';

const golden = aNotification('pagerduty', 'ABCDEF', { alarm: goldenAlarm() });
const reason = 'Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]';

function eventFor(changes: Parameters<typeof anAlarm>[0]) {
  return alertEvent(aNotification('pagerduty', 'KEY', { alarm: anAlarm(changes) }));
}

describe('an event of version 2', () => {
  test('carries what the documents ask for, and the four details of version 1', () => {
    assert.deepEqual(alertEvent(golden), {
      event_action: 'trigger',
      dedup_key: incidentKey(golden),
      client: 'mon-notification',
      payload: {
        summary: `ALARM: cpu é high: ${reason}`,
        source: 'foo1',
        severity: 'critical',
        timestamp: '2015-04-14T14:57:33.632Z',
        custom_details: {
          alarm_id: '20a54a65',
          alarm_name: 'cpu é high',
          current: 'ALARM',
          message: reason,
          old_state: 'OK',
          notification_id: golden.id,
        },
      },
    });
  });

  test('opens on ALARM and UNDETERMINED and resolves on OK, under one key', () => {
    const actions = ['ALARM', 'UNDETERMINED', 'OK'].map((newState) => eventFor({ newState }));
    assert.deepEqual(
      actions.map(({ event_action }) => event_action),
      ['trigger', 'trigger', 'resolve'],
    );
    assert.equal(new Set(actions.map(({ dedup_key }) => dedup_key)).size, 1);
  });

  test('keeps alarms, tenants and methods apart', () => {
    const other = { ...golden, method: { ...golden.method, id: 'nm-2' } };
    const keys = [golden, other, { ...golden, alarm: anAlarm({ alarmId: 'x' }) }].map(incidentKey);
    keys.push(incidentKey({ ...golden, alarm: { ...golden.alarm, tenantId: 'x' } }));
    assert.equal(new Set(keys).size, 4);
    assert.ok(keys.every((key) => key.length <= 255));
  });

  test('translates severities, and takes an absent or unknown one for error', () => {
    for (const [severity, expected] of [
      ['CRITICAL', 'critical'],
      ['HIGH', 'error'],
      ['MEDIUM', 'warning'],
      ['LOW', 'info'],
      ['low', 'info'],
      [undefined, 'error'],
      ['constructor', 'error'],
    ] as const) {
      const { payload } = eventFor({ severity });
      assert.equal(Reflect.get(payload as object, 'severity'), expected);
    }
  });

  test('stays within 1,024 characters of summary and 512 KB in all', () => {
    const huge = '👨‍👩‍👧‍👦\u0000'.repeat(1e5);
    const event = eventFor({ stateChangeReason: huge, alarmName: huge, alarmId: huge, oldState: huge, newState: huge });
    assert.ok(String(Reflect.get(event.payload as object, 'summary')).length <= 1_024);
    assert.ok(Buffer.byteLength(JSON.stringify(event)) <= 512_000);
  });

  test('names the alarm as source where there is not exactly one host', () => {
    assert.equal(Reflect.get(eventFor({ metrics: [] }).payload as object, 'source'), 'test Alarm');
    assert.equal(
      Reflect.get(eventFor({ metrics: ['cpu', null], alarmName: '' }).payload as object, 'source'),
      'unnamed',
    );
  });
});

test('an event of version 1 is the recorded one, with an incident key and details added', () => {
  const recorded = JSON.parse(goldenCase('pagerduty').expect.requests?.[0]?.body ?? '');
  const { service_key, ...withoutKey } = recorded;
  assert.equal(service_key, 'ABCDEF');
  assert.deepEqual(genericEvent(golden), {
    ...withoutKey,
    client: 'mon-notification',
    incident_key: incidentKey(golden),
    details: { ...recorded.details, old_state: 'OK', notification_id: golden.id },
  });
  const alarm = anAlarm({ newState: 'OK' });
  assert.equal(genericEvent({ ...golden, alarm }).event_type, 'resolve');
});
