import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { templateFixtures } from '../../../src/cli/template-fixtures.js';
import { alarmBody } from '../../../src/notifiers/alarm-body.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { templateValues, templateVariables } from '../../../src/notifiers/template-values.js';
import { aNotification, anAlarm } from '../../support/notifications.js';
import { repoRoot } from '../../support/repo.js';

const readme = join(repoRoot(), 'config', 'templates', 'README.md');

function valuesOf(changes: Parameters<typeof anAlarm>[0] = {}): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(templateValues(aNotification('chat', 'x', { alarm: anAlarm(changes) }))));
}

describe('the variables of templates', () => {
  test('are those of the table, for every alarm, and none is undefined', () => {
    for (const { what, notification } of templateFixtures('email', undefined)) {
      const values = templateValues(notification);
      assert.deepEqual(Object.keys(values).sort(), Object.keys(templateVariables).sort(), what);
      assert.ok(!Object.values(values).includes(undefined), what);
    }
  });

  test('have the names that receivers of webhooks know', () => {
    const names = Object.keys(alarmBody(aNotification('webhook', 'x')));
    assert.deepEqual(
      names.filter((name) => !(name in templateVariables)),
      [],
    );
  });

  test('say what there is below them', () => {
    const values = valuesOf();
    for (const [name, { fields }] of Object.entries(templateVariables)) {
      if (fields !== undefined) assert.deepEqual(Object.keys(Object(values[name])), fields, name);
    }
  });

  test('are in the README as they are', () => {
    const rows = Object.entries(templateVariables).map(([name, { holds, fields = [] }]) => {
      const below = fields.map((field) => `\`${name}.${field}\``).join(', ');
      return `| \`${name}\` | ${holds}${below === '' ? '' : `: ${below}`} |\n`;
    });
    const table = `| variable | holds |\n| --- | --- |\n${rows.join('')}`;
    const text = readFileSync(readme, 'utf8');
    const fresh = text.replace(
      /(<!-- begin variables -->\n)[\s\S]*(<!-- end variables -->)/,
      (_whole, begin: string, end: string) => `${begin}\n${table}\n${end}`,
    );
    if (process.env.UPDATE_REFERENCE === '1') writeFileSync(readme, fresh);
    assert.equal(readFileSync(readme, 'utf8'), fresh, 'stale; run this test with UPDATE_REFERENCE=1');
  });

  test('hold a link only if people can follow it, and a host only if there is one', () => {
    assert.equal(valuesOf({ link: 'javascript:alert(1)' }).link, null);
    assert.equal(valuesOf({ link: 'https://a.example/"onclick="x' }).link, 'https://a.example/%22onclick=%22x');
    const two = [{ dimensions: { hostname: 'a' } }, { dimensions: { hostname: 'b' } }];
    assert.deepEqual([valuesOf().host, valuesOf({ metrics: two }).host], ['foo1', null]);
  });

  test('are bounded, whatever an alarm carries', () => {
    const values = valuesOf({ stateChangeReason: 'x'.repeat(1e6), metrics: Array(1_000).fill({ name: 'm' }) });
    assert.equal(String(values.message).length <= 20_000, true);
    assert.deepEqual([Object(values.metrics).length, values.metrics_count], [200, 1_000]);
  });

  test('take labels from the alarm as it came', () => {
    assert.deepEqual(valuesOf({ rawAlarm: '{"labels":{"team":"web"}}' }).labels, { team: 'web' });
    assert.deepEqual(valuesOf({ rawAlarm: '{"labels":null}' }).labels, {});
  });
});

test('every built-in notifier has parts and a preview, and the README has its row', () => {
  const text = readFileSync(readme, 'utf8');
  for (const { type, parts = [] } of builtinNotifiers) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${type}\` |`)) ?? '';
    assert.ok(parts.length > 0, type);
    for (const { part } of parts) assert.ok(row.includes(`\`${part}\``), `${type}.${part}`);
  }
});
