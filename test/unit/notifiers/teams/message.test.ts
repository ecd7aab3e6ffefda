import assert from 'node:assert/strict';
import { test } from 'node:test';
import { teamsMessage } from '../../../../src/notifiers/teams/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

test('is one card of plain text runs with a link to follow', () => {
  const run = (text: string, style: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...style }],
  });
  assert.deepEqual(teamsMessage(goldenAlarm()), {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            run('ALARM CRITICAL: cpu é high (foo1)', { weight: 'Bolder', size: 'Medium', color: 'Attention' }),
            run('Thresholds were exceeded for the sub-alarms: max(cpu) > 1.0 with the values: [2.0]'),
            run('Alarm 20a54a65 at 2015-04-14T14:57:33.632Z', { isSubtle: true, size: 'Small' }),
          ],
          actions: [{ type: 'Action.OpenUrl', title: 'Open link', url: 'http://runbook' }],
          msteams: { width: 'Full' },
        },
      },
    ],
  });
});

test('stays within 28 KB, whatever the alarm holds', () => {
  for (const nasty of ['\u0001"\\', '👨‍👩‍👧‍👦', 'a', '\ud800']) {
    const huge = nasty.repeat(2e5);
    const metrics = Array.from({ length: 500 }, (_, at) => ({ dimensions: { hostname: `${nasty}${at}` } }));
    const alarm = anAlarm({
      stateChangeReason: huge,
      alarmName: huge,
      alarmId: huge,
      newState: huge,
      link: huge,
      metrics,
    });
    assert.ok(Buffer.byteLength(JSON.stringify(teamsMessage(alarm))) <= 28 * 1024);
  }
});

test('offers no link that is none', () => {
  for (const link of [undefined, 'javascript:alert(1)', 'some-link', `https://x/${'y'.repeat(700)}`]) {
    assert.ok(!JSON.stringify(teamsMessage(anAlarm({ link }))).includes('OpenUrl'), link);
  }
});
