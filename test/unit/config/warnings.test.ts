import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, minimal } from '../../support/config-file.js';

/** One line after the minimal file, and the warning that it causes. */
const strangeLines: readonly (readonly [string, string])[] = [
  ['procesors: {}', '5:1 procesors: unknown key, ignored; the nearest known one is processors'],
  ['admin: {prot: 1}', '5:9 admin.prot: unknown key, ignored; the nearest known one is admin.port'],
  [
    'notification_types: {emial: {}}',
    '5:22 notification_types.emial: unknown key, ignored; the nearest known one is notification_types.email',
  ],
  ['"admin.port": 1', '5:1 admin.port: unknown key, ignored; the nearest known one is admin.port'],
  ['entirely_different_thing: 1', '5:1 entirely_different_thing: unknown key, ignored'],
  ['__proto__: {polluted: yes}', '5:1 __proto__: unknown key, ignored'],
  ['log_dir: /var/log/mon', '5:1 log_dir: has no effect any more: log lines go to stderr'],
  ['database: {repo_driver: mysql}', '5:12 database.repo_driver: has no effect any more: MySQL is the only database'],
  ['hipchat: {timeout: 5}', '5:1 hipchat: has no effect any more: the service is gone'],
  [
    'keystone: {auth_required: no, auth_url: x}',
    '5:12 keystone.auth_required: has no effect any more: webhooks carry no Keystone token',
  ],
  [
    'notification_types: {enabled: [webhook, hipchat]}',
    '5:31 notification_types.enabled: hipchat has no effect any more: the service is gone',
  ],
  [
    'notification_types: {enabled: []}',
    '5:31 notification_types.enabled: no type is enabled: every notification will be parked',
  ],
];

for (const [line, expected] of strangeLines) {
  test(`accepts ${line} with a warning`, (t) => {
    const isSection = line.startsWith('zookeeper');
    const content = isSection ? minimal.replace(/zookeeper.*/, line) : `${minimal}${line}\n`;
    const { loaded, warnings, problems } = load(t, content);
    assert.equal(loaded.kind, 'valid', problems.join('\n'));
    assert.ok(warnings.includes(`n.yaml:${expected}`), warnings.join('\n'));
  });
}

test('one notice covers the whole logging tree of 2014', (t) => {
  const { warnings } = load(
    t,
    `${minimal}logging: {version: 1, handlers: {a: {}}, root: {level: INFO, handlers: [a]}}\n`,
  );
  assert.deepEqual(warnings, [
    'n.yaml:5:11 logging: has no effect any more, but for logging.root.level: log lines go to stderr',
  ]);
});

test('a notifier without what it needs is disabled with a warning', (t) => {
  const { loaded, warnings } = load(t, minimal.replace('server: relay, ', ''));
  assert.equal(loaded.kind, 'valid');
  assert.deepEqual(warnings, ['n.yaml:4:20 notification_types.email: disabled: no server']);
});

test('hands on the warnings of a notifier', (t) => {
  const { warnings } = load(t, minimal.replace('server: relay', 'server: relay, starttls: never'));
  assert.deepEqual(warnings, ['n.yaml:4:17 notification_types.email: mails travel in clear']);
});

test('warns of secrets in a file that everybody may read', (t) => {
  const { warnings } = load(t, minimal, { mode: 0o644 });
  assert.deepEqual(warnings, [
    'n.yaml:3:38 mysql.passwd: a secret in a file that everybody may read (mode 0644); expected mode 0640',
  ]);
  assert.deepEqual(load(t, minimal, { mode: 0o640 }).warnings, []);
  const elsewhere = minimal.replace('passwd: pw', `passwd: "\${PW}"`);
  assert.deepEqual(load(t, elsewhere, { mode: 0o644, environment: { PW: 'x' } }).warnings, []);
});
