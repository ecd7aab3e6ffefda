import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { loadThirdParty } from '../../../src/notifiers/third-party.js';
import { notifierToolkit } from '../../../src/notifiers/toolkit.js';
import { privateFolder } from '../../support/config-file.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { waitFor } from '../../support/wait-for.js';

async function load(t: TestContext, source: string, name = './room.mjs') {
  const folder = privateFolder(t);
  writeFileSync(join(folder, 'room.mjs'), source);
  mkdirSync(join(folder, 'node_modules', 'room'), { recursive: true });
  writeFileSync(join(folder, 'node_modules', 'room', 'package.json'), '{"name":"room","main":"main.mjs"}');
  writeFileSync(join(folder, 'node_modules', 'room', 'main.mjs'), source);
  return await loadThirdParty(name, folder, new FakeClock());
}

const plugin = "{ type: 'room', keys: [], configure: () => ({ kind: 'unconfigured', detail: 'no' }) }";

describe('a module of a third party', () => {
  test('is found from the folder of the configuration: a path, a package, a URL', async (t) => {
    for (const name of ['./room.mjs', 'room']) {
      const loaded = await load(t, `export default () => (${plugin});`, name);
      assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded));
      assert.deepEqual(
        loaded.plugins.map(({ type }) => type),
        ['room'],
      );
      assert.equal((await loadThirdParty(loaded.url, '/', new FakeClock())).kind, 'loaded');
    }
  });

  test('is handed the toolkit, may wait, and may bring several', async (t) => {
    const source = `export default async (toolkit) => Object.keys(toolkit).map((type) => ({ ...${plugin}, type }));`;
    const loaded = await load(t, source);
    assert.ok(loaded.kind === 'loaded');
    assert.deepEqual(
      loaded.plugins.map(({ type }) => type),
      Object.keys(notifierToolkit),
    );
  });

  test('that cannot be used is explained in words', async (t) => {
    for (const [source, words] of [
      ['export default 7;', /without a function as default export/],
      ['export const plugin = 1;', /without a function as default export/],
      ['export default () => undefined;', /returns no plugin/],
      ['export default () => [];', /returns no plugin/],
      ["export default () => ({ type: 'x' });", /returns no plugin/],
      ["throw new Error('at load');", /fails to load: at load/],
      ["export default () => { throw new Error('when called'); };", /fails to load: when called/],
      ['export default (', /fails to load: /],
      ["import 'nowhere-at-all';", /fails to load: .*nowhere-at-all/],
    ] as const) {
      const loaded = await load(t, source);
      assert.ok(loaded.kind === 'unusable', source);
      assert.match(loaded.problem, words);
    }
    const missing = await load(t, '', './nowhere.mjs');
    assert.ok(missing.kind === 'unusable' && missing.problem.startsWith('no such module, looked for from /'));
  });

  for (const [step, source] of [
    ['loading', 'await new Promise(() => setInterval(() => {}, 1e6).unref());'],
    ['making its notifiers', 'export default () => new Promise(() => setInterval(() => {}, 1e6).unref());'],
  ] as const) {
    test(`that never finishes ${step} is given up after 10 s`, { timeout: 30_000 }, async (t) => {
      const folder = privateFolder(t);
      writeFileSync(join(folder, 'slow.mjs'), source);
      const clock = new FakeClock();
      const loading = loadThirdParty('./slow.mjs', folder, clock);
      await waitFor(() => clock.waitingCount > 0, 'the limit');
      await clock.advance(10_000);
      const loaded = await loading;
      assert.ok(loaded.kind === 'unusable' && /did not load within 10 s/.test(loaded.problem));
    });
  }

  test('of the ancestor is skipped', async () => {
    for (const name of ['monasca_notification.plugins.slack_notifier:SlackNotifier', 'a:B']) {
      assert.deepEqual(await loadThirdParty(name, '/', new FakeClock()), { kind: 'skipped' });
    }
  });
});
