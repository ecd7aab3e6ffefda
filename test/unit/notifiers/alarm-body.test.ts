import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { alarmBody } from '../../../src/notifiers/alarm-body.js';
import { aNotification, anAlarm } from '../../support/notifications.js';
import { repoRoot } from '../../support/repo.js';

const golden = JSON.parse(readFileSync(join(repoRoot(), 'test/data/golden-plugins.json'), 'utf8'));

test('the ten keys of the ancestor come first, in their order and with its values; ours follow', () => {
  const { alarm } = golden;
  const ours = alarmBody(
    aNotification('webhook', 'http://receiver.example/', {
      alarm: anAlarm({ ...alarm, changedAtMs: alarm.timestamp, rawAlarm: JSON.stringify(alarm) }),
    }),
  );
  const webhook = golden.cases.find(({ name }: { name: string }) => name === 'webhook');
  const theirs = JSON.parse(webhook.expect.requests[0].body);
  const sent = JSON.parse(JSON.stringify(ours));
  assert.deepEqual(Object.entries(sent).slice(0, 10), Object.entries(theirs));
  assert.deepEqual(Object.keys(sent).slice(10), ['severity', 'link', 'lifecycle_state', 'notification_id']);
});

test('what an alarm of 2014 lacks is null', () => {
  const lacking = { alarmDefinitionId: undefined, severity: undefined, link: undefined, lifecycleState: undefined };
  const body = alarmBody(aNotification('webhook', 'http://receiver.example/', { alarm: anAlarm(lacking) }));
  assert.deepEqual(
    [body.alarm_definition_id, body.severity, body.link, body.lifecycle_state],
    [null, null, null, null],
  );
});

test('ids are echoed as they came: numbers as numbers, digits in text as text', () => {
  const rawAlarm = '{"alarmId":"17","alarmDefinitionId":0,"tenantId":42}';
  const alarm = anAlarm({ alarmId: '17', alarmDefinitionId: '0', tenantId: '42', rawAlarm });
  const body = alarmBody(aNotification('webhook', 'http://receiver.example/', { alarm }));
  assert.deepEqual([body.alarm_id, body.alarm_definition_id, body.tenant_id], ['17', 0, 42]);
});
