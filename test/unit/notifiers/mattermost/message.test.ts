import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mattermostMessage } from '../../../../src/notifiers/mattermost/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

test('is plain text with a link', () => {
  assert.deepEqual(mattermostMessage(goldenAlarm()), {
    text: [
      'ALARM CRITICAL: cpu é high (foo1)',
      'Thresholds were exceeded for the sub-alarms: max(cpu) \\> 1.0 with the values: \\[2.0\\]',
      '<http://runbook>',
      'Alarm 20a54a65 at 2015-04-14T14:57:33.632Z',
    ].join('\n'),
  });
});

test('calls nobody in the channel, whatever the alarm says', () => {
  const { text } = mattermostMessage(anAlarm({ alarmName: '@channel', stateChangeReason: '@all @here' }));
  assert.doesNotMatch(String(text), /@(all|here|channel)/);
});

test('stays within 16,383 characters', () => {
  const huge = '@*'.repeat(2e5);
  const { text } = mattermostMessage(anAlarm({ stateChangeReason: huge, alarmName: huge }));
  assert.ok(String(text).length <= 16_383);
});
