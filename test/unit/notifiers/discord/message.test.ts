import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discordMessage } from '../../../../src/notifiers/discord/message.js';
import { goldenAlarm } from '../../../support/golden.js';
import { anAlarm } from '../../../support/notifications.js';

test('is plain text that mentions nobody', () => {
  assert.deepEqual(discordMessage(goldenAlarm()), {
    content: [
      'ALARM CRITICAL: cpu é high (foo1)',
      'Thresholds were exceeded for the sub-alarms: max(cpu) \\> 1.0 with the values: \\[2.0\\]',
      '<http://runbook>',
      'Alarm 20a54a65 at 2015-04-14T14:57:33.632Z',
    ].join('\n'),
    allowed_mentions: { parse: [] },
  });
});

test('shows markup of an alarm as it is written', () => {
  const { content } = discordMessage(
    anAlarm({ stateChangeReason: '# big\n- **x** _y_ `z` [a](https://evil.example)' }),
  );
  assert.match(String(content), /\\# big\n\\- \\\*\\\*x\\\*\\\* \\_y\\_ \\`z\\` \\\[a\\\]\(https:/);
});

test('stays within 2,000 characters, and keeps what stands after the reason', () => {
  const metrics = Array.from({ length: 500 }, (_, at) => ({ dimensions: { hostname: `_${at}` } }));
  for (const nasty of ['*', '👨‍👩‍👧‍👦', 'a', '\n-']) {
    const huge = nasty.repeat(2e5);
    const alarm = anAlarm({ stateChangeReason: huge, alarmName: huge, link: `https://x/${'_'.repeat(500)}`, metrics });
    const content = String(discordMessage(alarm).content);
    assert.ok(content.length <= 2_000, String(content.length));
    assert.match(content, /… \d+ more\n(.*\n)*Alarm 20a54a65 at [^\n]*$/);
  }
});

test('leaves a link out that would be too long once it is encoded, whatever stands beside it', () => {
  const beside = { alarmName: '*'.repeat(400), stateChangeReason: 'r'.repeat(3_000) };
  const metrics = ['_'.repeat(200), 'b'.repeat(100)].map((hostname) => ({ dimensions: { hostname } }));
  for (const [link, isShown] of [
    [`https://x.example/${'{'.repeat(580)}`, false],
    [`https://x.example/${'{'.repeat(194)}`, true],
    [`https://x.example/${'{'.repeat(195)}`, false],
  ] as const) {
    const content = String(discordMessage(anAlarm({ ...beside, link, metrics })).content);
    assert.ok(content.length <= 2_000, String(content.length));
    assert.equal(content.includes('x.example'), isShown, link);
  }
});
