import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { templateValues } from '../../../src/notifiers/template-values.js';
import { Template } from '../../../src/templates/template.js';
import { goldenAlarm } from '../../support/golden.js';
import { aNotification, anAlarm } from '../../support/notifications.js';
import { repoRoot } from '../../support/repo.js';

interface RecordedCase {
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly metrics?: readonly unknown[];
  readonly expect: Readonly<Record<string, unknown>>;
  readonly ours_differs: readonly string[];
}

const cases: readonly RecordedCase[] = JSON.parse(
  readFileSync(join(repoRoot(), 'test/data/golden-plugins.json'), 'utf8'),
).cases;
const table = readFileSync(join(repoRoot(), 'config/COMPATIBILITY.md'), 'utf8');
const rowsOf = (name: string) => table.split('\n').filter((line) => line.startsWith(`| \`${name}\` |`));

/** What we send, piece by piece. */
function oursFor({ type, options, metrics }: RecordedCase): Readonly<Record<string, string>> {
  const plugin = builtinNotifiers.find((one) => one.type === type);
  const needed = type === 'email' ? { server: 'relay' } : type === 'jira' ? { url: 'http://receiver.example' } : {};
  const configured = plugin?.configure({ ...options, ...needed });
  assert.ok(configured?.kind === 'ready' && configured.preview !== undefined, type);
  const alarm = goldenAlarm();
  const notification = aNotification(type, 'x', { alarm: { ...alarm, metrics: metrics ?? alarm.metrics } });
  return Object.fromEntries(configured.preview(notification, {}).map(({ name, text }) => [name, text]));
}

/** The recorded mail with exactly the differences of the table. */
function mailAsOurs({ subject, body }: { subject: string; body: string }, name: string) {
  const mended = body
    .replace('thresholds were exceeded', 'Thresholds were exceeded')
    .replace('service=bar 1', 'service=bar%201')
    .replace('Alarm_id:', 'alarm_id:')
    .replace('With dimensions\n', 'With dimensions:\n');
  const isAlone = name === 'email_no_host';
  return {
    subject: subject.trimEnd(),
    text: isAlone ? mended.replace('On multiple hosts ', '').replace(/\n\nWith dimensions:[\s\S]*$/, '') : mended,
  };
}

describe('the recorded output of the final ancestor', () => {
  for (const one of cases) {
    test(`${one.name}: is in the table of config/COMPATIBILITY.md, if anything differs`, () => {
      assert.equal(rowsOf(one.name).length > 0, one.ours_differs.length > 0);
    });
  }

  test('has no case in the table that is not recorded', () => {
    const named = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const recorded = cases.map(({ name }) => name);
    assert.deepEqual(
      named.filter((name) => name !== undefined && !recorded.includes(name)),
      [],
    );
  });

  for (const one of cases.filter(({ type }) => type === 'email')) {
    test(`${one.name}: the mail is the recorded one but for those differences`, () => {
      const { subject, text } = oursFor(one);
      const { subject: theirs, body } = one.expect;
      assert.deepEqual({ subject, text }, mailAsOurs({ subject: String(theirs), body: String(body) }, one.name));
    });
  }

  test('webhook: the ten keys, their order and their values are the recorded ones', () => {
    const [one] = cases.filter(({ name }) => name === 'webhook');
    assert.ok(one !== undefined);
    const [request] = one.expect.requests as readonly { readonly body: string }[];
    const entries = Object.entries(JSON.parse(oursFor(one).body ?? ''));
    assert.deepEqual(entries.slice(0, 10), Object.entries(JSON.parse(request?.body ?? '')));
    assert.deepEqual(
      entries.slice(10).map(([key]) => key),
      ['severity', 'link', 'lifecycle_state', 'notification_id'],
    );
  });

  test('hipchat: there is no notifier of that type', () => {
    assert.ok(!builtinNotifiers.some(({ type }) => type === 'hipchat'));
  });
});

test('a template of the ancestor for Slack says the same in Liquid', () => {
  const alarm = anAlarm({ metrics: [{ name: 'cpu', dimensions: { hostname: 'foo1', service: 'bar1' } }] });
  const source =
    '{{ alarm_name }} has triggered on {% for item in metrics %}host {{ item.dimensions.hostname }}, ' +
    'service {{ item.dimensions.service }}{% unless forloop.last %}; {% endunless %}{% endfor %}.';
  const template = new Template(source, { part: 'text', format: 'text' }, () => 0);
  assert.equal(
    template.render(templateValues(aNotification('slack', 'x', { alarm }))),
    'test Alarm has triggered on host foo1, service bar1.',
  );
});
