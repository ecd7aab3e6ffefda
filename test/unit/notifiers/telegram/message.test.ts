import assert from 'node:assert/strict';
import { test } from 'node:test';
import { telegramMessage } from '../../../../src/notifiers/telegram/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

test('is text without a parse mode, so that nothing in it is markup', () => {
  assert.deepEqual(telegramMessage(goldenAlarm()), {
    text: [
      'ALARM CRITICAL: cpu é high (foo1)',
      'Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]',
      'http://runbook',
      'Alarm 20a54a65 at 2015-04-14T14:57:33.632Z',
    ].join('\n'),
    link_preview_options: { is_disabled: true },
  });
});

test('stays within 4,096 UTF-16 units', () => {
  const huge = '👨‍👩‍👧‍👦'.repeat(1e5);
  const { text } = telegramMessage(anAlarm({ stateChangeReason: huge, alarmName: huge }));
  assert.ok(String(text).length <= 4_096);
  assert.match(String(text), /… \d+ more\nAlarm/);
});
