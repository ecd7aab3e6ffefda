import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveTree, effectiveYaml } from '../../../src/config/show.js';
import { load, minimal } from '../../support/config-file.js';
import { FakeMailPlugin, fakeWebhookPlugin } from '../../support/fakes/notifier-plugins.js';

const plugins = [new FakeMailPlugin(), fakeWebhookPlugin];
const full = `${minimal
  .replace('passwd: pw', 'passwd: canary-5d, ssl: true')
  .replace('url: z1', 'url: z1, auth: "u:canary-5d", max_offset_lag: ')
  .replace(
    'server',
    'password: canary-5d, timeout: 500ms, server',
  )}retry: {interval: 2m}\nhttp: {allow: [10.0.0.0/8]}\n`;

test('shows public names, units of the file, defaults, and no secret', (t) => {
  const { loaded } = load(t, full, { plugins });
  assert.ok(loaded.kind === 'valid');
  const tree = JSON.parse(JSON.stringify(effectiveTree(loaded.settings, plugins)));
  assert.equal(tree.mysql.passwd, '<redacted>');
  assert.equal(tree.retry.interval, 120);
  assert.equal(tree.kafka.url, 'k1:9092');
  assert.equal(tree.kafka.ssl, false);
  assert.equal(tree.mysql.ssl.reject_unauthorized, true);
  assert.equal(tree.zookeeper.max_offset_lag, null);
  assert.deepEqual(tree.kafka.periodic, { 60: '60-seconds-notifications' });
  assert.equal(tree.notification_types.email.timeout, 0.5);
  assert.equal(tree.notification_types.webhook.timeout, 5);
  assert.ok(!JSON.stringify(tree).includes('canary-5d'));
});

test('what is shown loads again and means the same', (t) => {
  const first = load(t, full, { plugins });
  assert.ok(first.loaded.kind === 'valid');
  const shown = effectiveYaml(first.loaded.settings, plugins).replace('auth: <redacted>', 'auth: a:b');
  const second = load(t, shown, { plugins });
  assert.ok(second.loaded.kind === 'valid', second.problems.join('\n'));
  assert.deepEqual(effectiveTree(second.loaded.settings, plugins), effectiveTree(first.loaded.settings, plugins));
  assert.deepEqual(second.warnings, []);
});
