import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { previewOf } from '../../../src/cli/previews.js';
import { checkTemplates } from '../../../src/cli/template-checks.js';
import { templateFixtures } from '../../../src/cli/template-fixtures.js';
import { loadConfig } from '../../../src/config/load.js';
import { problemText } from '../../../src/config/problem.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { minimal, privateFolder } from '../../support/config-file.js';
import { repoRoot } from '../../support/repo.js';

const folder = join(repoRoot(), 'config', 'templates');
const recorded = join(repoRoot(), 'test', 'data', 'template-examples.txt');
const sections = `notification_types:
  telegram: {token: t}
  sms: {account: A, token: t, from: '+15005550006'}
  jira: {url: 'https://jira.example', token: t}
`;

/** The examples as `config/templates/templates.yaml` uses them. */
function examples(t: TestContext) {
  const copy = privateFolder(t);
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name));
  const file = join(copy, 'notification.yaml');
  writeFileSync(file, `${minimal}${sections}${readFileSync(join(folder, 'templates.yaml'), 'utf8')}`, { mode: 0o600 });
  const loaded = loadConfig(file, {}, builtinNotifiers);
  assert.ok(loaded.kind === 'valid', loaded.kind === 'invalid' ? loaded.problems.map(problemText).join('\n') : '');
  return { ...loaded, plugins: builtinNotifiers };
}

describe('the examples of config/templates', () => {
  test('are understood, name no unknown variable, and render for alarms of every kind', (t) => {
    const { config, warnings, plugins } = examples(t);
    assert.deepEqual(warnings, []);
    const found = checkTemplates(config.templates, plugins, () => 0);
    assert.deepEqual([...found.problems, ...found.warnings].map(problemText), []);
  });

  test('are all in use, and there is one for every type', (t) => {
    const { config } = examples(t);
    const used = new Set(config.templates.map(({ file }) => file.slice(file.lastIndexOf('/') + 1)));
    const shipped = readdirSync(folder).filter((name) => name.endsWith('.liquid'));
    assert.deepEqual(
      shipped.filter((name) => !used.has(name)),
      [],
    );
    const types = new Set(config.templates.map(({ type }) => type));
    assert.deepEqual(
      builtinNotifiers.map(({ type }) => type).filter((type) => !types.has(type)),
      [],
    );
  });

  test('say what was recorded, for a plain alarm and for one full of markup', (t) => {
    const loaded = examples(t);
    const lines: string[] = [];
    for (const { type } of builtinNotifiers) {
      const names = new Set(loaded.config.templates.filter((one) => one.type === type).map(({ method }) => method));
      for (const name of names) {
        for (const { what, notification } of templateFixtures(type, name)) {
          if (!/^an ALARM$|markup/.test(what)) continue;
          const preview = previewOf(loaded, notification);
          assert.ok('pieces' in preview, type);
          assert.ok(preview.templates.every(({ failure }) => failure === undefined));
          const about = name === undefined ? type : `${type}, ${name}`;
          for (const piece of preview.pieces) lines.push(`=== ${about}: ${piece.name} for ${what}`, piece.text);
        }
      }
    }
    const text = `${lines.join('\n').replaceAll('\u0000', '\\0').replaceAll('\r', '\\r')}\n`;
    if (process.env.UPDATE_REFERENCE === '1') writeFileSync(recorded, text);
    assert.equal(text, readFileSync(recorded, 'utf8'), 'not as recorded; look, then run with UPDATE_REFERENCE=1');
  });
});
