import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alarm } from '../../../../src/domain/alarm.js';
import { slackMessage } from '../../../../src/notifiers/slack/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

function slackText(alarm: Alarm): string {
  return String(slackMessage(alarm).text);
}

test('says state, severity, name, host, reason, link and alarm', () => {
  assert.equal(
    slackText(goldenAlarm()),
    [
      'ALARM CRITICAL: cpu é high (foo1)',
      'Thresholds were exceeded for the sub-alarms: max(cpu) &gt; 1.0 with the values: [2.0]',
      '<http://runbook>',
      'Alarm 20a54a65 at 2015-04-14T14:57:33.632Z',
    ].join('\n'),
  );
});

test('lets no alarm mention a channel or pose as a link', () => {
  const alarm = anAlarm({ alarmName: '<!channel> & <https://evil.example|bank>', stateChangeReason: '<@U1>' });
  assert.ok(!/[<>]/.test(slackText(alarm)));
  assert.match(slackText(alarm), /&lt;!channel&gt; &amp; /);
});

test('stays within 4,000 characters, entities counted, and keeps what stands after the reason', () => {
  const text = slackText(anAlarm({ stateChangeReason: '<'.repeat(1e6), alarmName: '&'.repeat(1e6) }));
  assert.ok(text.length <= 4_000, String(text.length));
  assert.match(text, /… \d+ more\nAlarm 20a54a65 at/);
});
