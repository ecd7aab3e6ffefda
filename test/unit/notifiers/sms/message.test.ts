import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smsText } from '../../../../src/notifiers/sms/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

test('is one line of what happened', () => {
  const reason = 'Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]';
  assert.equal(smsText(goldenAlarm()), `ALARM CRITICAL: cpu é high (foo1): ${reason}`);
  assert.doesNotMatch(smsText(anAlarm({ stateChangeReason: 'a\r\nb\u0000c' })), /[\r\n\0]/);
});

test('is no longer than three parts', () => {
  const text = smsText(anAlarm({ stateChangeReason: 'reason '.repeat(1_000) }));
  assert.ok(text.length <= 459);
  assert.match(text, /… \d+ more$/);
});
