import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commentText, issueQuery, newIssue } from '../../../../src/notifiers/jira/message.js';
import { goldenAlarm, goldenCase } from '../../../support/golden.js';
import { aNotification, anAlarm } from '../../../support/notifications.js';

const target = { project: 'P', component: 'C' };
const golden = aNotification('jira', 'http://receiver.example/?project=P&component=C', { alarm: goldenAlarm() });
const calls = goldenCase('jira_new_issue').expect.calls ?? [];

test('a new issue is the recorded one, with the summary spelt right', () => {
  const recorded = calls.find(({ call }) => call === 'create_issue')?.fields;
  assert.deepEqual(newIssue(golden.alarm, target), {
    fields: { ...recorded, summary: String(recorded?.summary).replace('defintion', 'definition') },
  });
  assert.ok(!('components' in (newIssue(golden.alarm, { ...target, component: undefined }).fields as object)));
});

test('a comment holds the recorded body in the recorded order, then our keys', () => {
  const recorded = calls.find(({ call }) => call === 'add_comment')?.args?.[1] ?? '';
  const bodyOf = (text: string) => JSON.parse(/\{code\}(.*)\{code\}$/s.exec(text)?.[1] ?? '');
  const ours = bodyOf(commentText(golden));
  const theirs = bodyOf(recorded);
  assert.deepEqual(Object.entries(ours).slice(0, 10), Object.entries(theirs));
  assert.ok(commentText(golden).startsWith(`Notification ${golden.id}\n`));
});

test('the query asks for our issues by a quoted phrase', () => {
  assert.equal(
    issueQuery(golden.alarm, target),
    'project = "P" AND reporter = currentUser() AND summary ~ "\\"20a54a65\\"" ORDER BY created DESC',
  );
});

test('no alarm id ends its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\\"', '"\\', '\n'), (text, nasty) => {
      const query = issueQuery(anAlarm({ alarmId: `${nasty}${text}${nasty}"OR+project="Q` }), target);
      // Without the quoted texts nothing but our own words is left.
      const bare = query.replace(/"(?:[^"\\]|\\.)*"/gs, 'TEXT');
      assert.equal(bare, 'project = TEXT AND reporter = currentUser() AND summary ~ TEXT ORDER BY created DESC');
    }),
  );
});

test('a summary is one line of at most 255 characters that ends with the alarm id', () => {
  const { fields } = newIssue(anAlarm({ alarmName: 'a\r\nb'.repeat(1e5) }), target);
  const summary = String(Reflect.get(fields as object, 'summary'));
  assert.ok(summary.length <= 255 && !/[\r\n]/.test(summary), summary);
  assert.ok(summary.endsWith('for the alarm_id 20a54a65'));
});

test('a comment stays below Jira’s limit and within its code block', () => {
  const nasty = '{code}"\\\u0000👨‍👩‍👧‍👦'.repeat(1e5);
  const metrics = Array.from({ length: 5_000 }, () => ({ name: 'm', dimensions: { hostname: '{code}' } }));
  for (const changes of [
    { metrics },
    { stateChangeReason: nasty, alarmName: nasty, alarmId: nasty, link: nasty, metrics },
  ]) {
    const text = commentText({ ...golden, alarm: anAlarm(changes) });
    assert.ok(text.length <= 32_767, String(text.length));
    assert.equal(text.split('{code}').length, 3);
    JSON.parse(text.split('{code}')[1] ?? '');
  }
  assert.match(commentText({ ...golden, alarm: anAlarm({ metrics }) }), /"metrics": "5000 left out"/);
});
