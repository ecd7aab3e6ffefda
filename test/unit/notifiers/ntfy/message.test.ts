import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ntfyMessage } from '../../../../src/notifiers/ntfy/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

test('carries title, message, priority, tag and link', () => {
  assert.deepEqual(ntfyMessage(goldenAlarm()), {
    title: 'ALARM CRITICAL: cpu é high (foo1)',
    message: [
      'Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]',
      'Alarm 20a54a65 at 2015-04-14T14:57:33.632Z',
    ].join('\n'),
    priority: 5,
    tags: ['rotating_light'],
    click: 'http://runbook',
  });
});

test('wakes nobody for a recovery', () => {
  const of = (newState: string, severity?: string) => {
    const { priority, tags } = ntfyMessage(anAlarm({ newState, severity }));
    return [priority, tags];
  };
  assert.deepEqual(of('OK', 'CRITICAL'), [3, ['white_check_mark']]);
  assert.deepEqual(of('ALARM'), [4, ['rotating_light']]);
  assert.deepEqual(of('UNDETERMINED', 'LOW'), [2, ['grey_question']]);
});

test('stays within 4,096 bytes, beyond which a message becomes a file', () => {
  for (const nasty of ['ß', '👨‍👩‍👧‍👦', 'a']) {
    const { message } = ntfyMessage(anAlarm({ stateChangeReason: nasty.repeat(1e5), alarmId: nasty.repeat(1e5) }));
    assert.ok(Buffer.byteLength(String(message)) <= 4_096);
  }
});
