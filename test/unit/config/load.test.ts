// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { Config } from '../../../src/config/config.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { load, minimal } from '../../support/config-file.js';
import { FakeMailPlugin, fakeWebhookPlugin } from '../../support/fakes/notifier-plugins.js';

function valid(t: TestContext, content: string, facts: Parameters<typeof load>[2] = {}): Config {
  const { loaded, problems } = load(t, content, facts);
  if (loaded.kind !== 'valid') assert.fail(problems.join('\n'));
  return loaded.config;
}

test('takes the wishes of notification methods for digests, together and in any order', (t) => {
  const config = valid(
    t,
    `${minimal}digest:\n  embedded: false\n  methods:\n    m-1: {delivery: digest, schedule: every 4h}\n    m-2: {empty: send}\n    m-3: {delivery: immediate}\n`,
  );
  assert.deepEqual(Object.fromEntries(config.digest.methods), {
    'm-1': { delivery: 'digest', schedule: 'every 4h' },
    'm-2': { empty: 'send' },
    'm-3': { delivery: 'immediate' },
  });
  assert.equal(config.digest.isEmbedded, false);
  assert.deepEqual([valid(t, minimal).digest.isEmbedded, valid(t, minimal).digest.methods.size], [true, 0]);
});

test('fills in every default', (t) => {
  const config = valid(t, minimal);
  assert.deepEqual(config.kafka, {
    brokers: ['k1:9092'],
    ssl: undefined,
    sasl: undefined,
    group: 'mon-notification',
    alarmTopic: 'alarm-state-transitions',
    notificationTopic: 'alarm-notifications',
    notificationRetryTopic: 'retry-notifications',
    deadLetterTopic: 'notification-dead-letters',
    periodic: [{ periodMs: 60_000, topic: '60-seconds-notifications' }],
    createTopics: true,
  });
  assert.deepEqual(config.zookeeper, {
    servers: ['z1:2181'],
    lock: 'topic',
    sessionTimeoutMs: 10_000,
    maxOffsetLagMs: 600_000,
    auth: undefined,
    chroot: undefined,
  });
  assert.deepEqual(config.processors, {
    alarmCount: 2,
    alarmTtlMs: 14_400_000,
    dropKnownEvents: false,
    notificationCount: 4,
  });
  assert.deepEqual(config.queueCapacity, { alarms: 256, notifications: 256, sent_notifications: 50, finished: 256 });
  assert.deepEqual(config.retry, { intervalMs: 30_000, maxAttempts: 5 });
  assert.deepEqual(config.http, { allow: [], concurrencyPerDestination: 64, ratePerDestination: undefined });
  assert.deepEqual(config.admin, { host: '127.0.0.1', port: 8071 });
  assert.deepEqual(config.shutdown, { deadlineMs: 25_000 });
  assert.deepEqual(config.log, { level: 'info', format: 'json' });
  assert.deepEqual(config.statsd, { enable: true, host: '127.0.0.1', port: 8125, names: 'mon' });
  assert.deepEqual(config.enabledTypes, ['email', 'webhook']);
  assert.equal(config.mysql.port, 3306);
  assert.equal(config.heartbeat, undefined);
  assert.equal(config.canary, undefined);
});

test('canaries come when their interval is given', (t) => {
  assert.deepEqual(valid(t, `${minimal}canary: {interval: 90}\n`).canary, { intervalMs: 90_000 });
});

test('is frozen through and through, and prints no secret', (t) => {
  const config = valid(
    t,
    minimal.replace('passwd: pw', 'passwd: c4n4ry').replace('server', 'password: c4n4ry, server'),
  );
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  assert.ok(isFrozen(config));
  assert.ok(!`${JSON.stringify(config)}${inspect(config, { depth: null })}`.includes('c4n4ry'));
  assert.equal(config.mysql.password.reveal(), 'c4n4ry');
});

test('takes text as it is written', (t) => {
  const texts: [string, string][] = [
    ['0123', '0123'],
    ['1e3', '1e3'],
    ['yes', 'yes'],
    ['2014-03-20', '2014-03-20'],
    ['0x1F', '0x1F'],
    ['"null"', 'null'],
    ['!!str ~', '~'],
    ["'it''s'", "it's"],
    ['"a\\tb"', 'a\tb'],
    ['pa$$word', 'pa$$word'],
    ['$1{x}', '$1{x}'],
    ['$${HOME}', '${HOME}'],
    ['""', ''],
  ];
  for (const [written, meant] of texts) {
    const config = valid(
      t,
      `kafka: {url: k}\nzookeeper: {url: z}\nmysql:\n  host: h\n  user: u\n  db: d\n  passwd: ${written}\n`,
    );
    assert.equal(config.mysql.password.reveal(), meant, written);
  }
});

test('knows the booleans of YAML 1.1 at boolean keys', (t) => {
  for (const word of ['yes', 'Yes', 'on', 'True', 'TRUE', 'true']) {
    assert.equal(valid(t, `${minimal}statsd: {enable: ${word}}\n`).statsd.enable, true, word);
  }
  for (const word of ['no', 'off', 'False', 'false']) {
    assert.equal(valid(t, `${minimal}statsd: {enable: ${word}}\n`).statsd.enable, false, word);
  }
});

test('reads durations as seconds unless they say otherwise', (t) => {
  const durations: [string, number][] = [
    ['30', 30_000],
    ['0.5', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['500ms', 500],
    ['"45"', 45_000],
  ];
  for (const [written, meant] of durations) {
    assert.equal(valid(t, `${minimal}retry: {interval: ${written}}\n`).retry.intervalMs, meant, written);
  }
});

test('takes any positive number for the delay before a retry, of which a millisecond is the least that is kept', (t) => {
  const delays: [string, number][] = [
    ['100000', 100_000_000],
    ['720h', 2_592_000_000],
    ['0.0005', 1],
    ['0.0000001', 1],
    ['0.0015', 2],
    ['100000000000', 1e14],
  ];
  for (const [written, meant] of delays) {
    const { retry } = valid(t, `${minimal}retry: {interval: ${written}}\n`);
    assert.equal(retry.intervalMs, meant, written);
    // The longest pause of a retry still ends at a date.
    assert.doesNotThrow(() => new Date(4e12 + 1.5 * retry.intervalMs).toISOString(), written);
  }
});

test('switches off what an empty value switches off', (t) => {
  const config = valid(
    t,
    `${minimal.replace('url: z1', 'url: z1, max_offset_lag: ').replace('url: k1', 'url: k1, periodic: ')}processors: {alarm: {ttl: }}\n`,
  );
  assert.equal(config.processors.alarmTtlMs, undefined);
  assert.equal(config.zookeeper.maxOffsetLagMs, undefined);
  assert.deepEqual(config.kafka.periodic, []);
});

test('reads hosts with and without port, in text and list, IPv6 in brackets', (t) => {
  const hosts: [string, readonly string[]][] = [
    ['a', ['a:9092']],
    ['"a:1, b.example:65535"', ['a:1', 'b.example:65535']],
    ['"[::1], [2001:db8::1]:19092"', ['[::1]:9092', '[2001:db8::1]:19092']],
    ['[a, "b:1"]', ['a:9092', 'b:1']],
  ];
  for (const [written, meant] of hosts) {
    assert.deepEqual(valid(t, minimal.replace('url: k1', `url: ${written}`)).kafka.brokers, meant);
  }
  for (const wrong of ['"::1"', '"a:0"', '"a:65536"', '"a,,b"', '"[a]:1"', '"http://a"', '"[::1"', '","', '[]']) {
    assert.equal(load(t, minimal.replace('url: k1', `url: ${wrong}`)).loaded.kind, 'invalid', wrong);
  }
});

test('fills in the environment after the parse', (t) => {
  const environment = { PASSWORD: 'a: b # "c"', PORT: '81', EMPTY: '', HOST: 'h' };
  const config = valid(
    t,
    `${minimal.replace('passwd: pw', 'passwd: "${PASSWORD}"')}admin: {port: "${'${PORT}'}", host: "${'${NOWHERE:-127.0.0.2}'}"}\nstatsd: {host: "${'${EMPTY:-s}${HOST}'}"}\n`,
    { environment },
  );
  assert.equal(config.mysql.password.reveal(), 'a: b # "c"');
  assert.deepEqual(config.admin, { port: 81, host: '127.0.0.2' });
  assert.equal(config.statsd.host, 'sh');
});

test('an environment variable named like a property of every object is not set', (t) => {
  assert.equal(load(t, `${minimal}admin: {host: "${'${constructor}'}"}\n`).loaded.kind, 'invalid');
});

test('reads a secret from a file beside the configuration, without its last line break', (t) => {
  const config = valid(t, minimal.replace('passwd: pw', 'password_file: pw.txt'), { files: { 'pw.txt': ' p w \r\n' } });
  assert.equal(config.mysql.password.reveal(), ' p w ');
});

test('gives each notifier its own section: typed, in seconds, secrets revealed, absent when nothing is given', (t) => {
  const mail = new FakeMailPlugin();
  const sectionOf = (content: string) => {
    valid(t, content, { plugins: [mail, fakeWebhookPlugin] });
    return mail.seen.at(-1);
  };
  assert.deepEqual(
    sectionOf(minimal.replace('server', 'user: , password: 007, timeout: 2m, port: 026, server'.replace('026', '26'))),
    {
      server: 'relay',
      port: 26,
      password: '007',
      from_addr: 'mon@example.com',
      timeout: 120,
    },
  );
  assert.equal(sectionOf(minimal.replace(/email:.*\n/, '')), undefined);
});

test('a notifier key may stand under both generations of names, though not twice', (t) => {
  const modern = valid(t, minimal.replace('email: {', 'notification_types: {email: {').replace('com}', 'com}}'));
  assert.equal(modern.notifierSections.email?.server, 'relay');
  const both = load(t, `${minimal}notification_types: {email: {server: other}}\n`);
  assert.deepEqual(both.problems, [
    'n.yaml:5:38 notification_types.email.server: expected one of email.server and notification_types.email.server, got both',
  ]);
});

test('takes the level of a Python logging tree unless log.level says otherwise', (t) => {
  const tree = 'logging: {version: 1, root: {level: WARNING, handlers: [console]}}\n';
  assert.equal(valid(t, minimal + tree).log.level, 'warn');
  assert.equal(valid(t, `${minimal}${tree}log: {level: debug}\n`).log.level, 'debug');
});

test('merges sections as YAML 1.1 did; what is written itself wins', (t) => {
  const config = valid(
    t,
    `base: &base {port: 1, host: a}\nother: &other {host: b}\n${minimal}admin: {<<: [*other, *base], port: 9}\n`,
  );
  assert.deepEqual(config.admin, { host: 'b', port: 9 });
});

test('TLS is on for true and for a section with keys', (t) => {
  const pem = '-----BEGIN CERTIFICATE-----\nx\n';
  const on = valid(
    t,
    minimal
      .replace('url: k1', 'url: k1, ssl: true')
      .replace('db: mon}', 'db: mon, ssl: {ca: ca.pem, rejectUnauthorized: no}}'),
    { files: { 'ca.pem': pem } },
  );
  assert.deepEqual(on.kafka.ssl, { rejectUnauthorized: true });
  assert.deepEqual(on.mysql.ssl, { ca: pem, rejectUnauthorized: false });
  const off = load(t, minimal.replace('url: k1', 'url: k1, ssl: {}'));
  assert.deepEqual(off.warnings, ['n.yaml:1:23 kafka.ssl: an empty section is off; true is on']);
});

test('reads a complete login to Kafka', (t) => {
  const { kafka } = valid(
    t,
    minimal.replace('url: k1', 'url: k1, sasl: {mechanism: SCRAM-SHA-512, username: u, password: p}'),
  );
  assert.equal(kafka.sasl?.mechanism, 'scram-sha-512');
  assert.equal(kafka.sasl.password.reveal(), 'p');
});

test('sorts repeat times as numbers', (t) => {
  const { kafka } = valid(t, minimal.replace('url: k1', 'url: k1, periodic: {300: five, "60": one, 2m: two}'));
  assert.deepEqual(
    kafka.periodic.map(({ periodMs }) => periodMs),
    [60_000, 120_000, 300_000],
  );
});

test('takes every default of the notifiers written out, and a fraction wherever a number need not be whole', (t) => {
  for (const { type, keys } of builtinNotifiers) {
    const section = Object.fromEntries(
      keys.filter((key) => key.default !== undefined && key.default !== '').map((key) => [key.key, key.default]),
    );
    const text = `${minimal}notification_types: {${type}: ${JSON.stringify(section)}}\n`;
    valid(t, text, { plugins: builtinNotifiers });
  }
  const rated = valid(t, `${minimal}notification_types: {webhook: {rate: 0.25}}\n`, { plugins: builtinNotifiers });
  assert.equal(rated.notifierSections.webhook?.rate, 0.25);
  for (const [key, wrong, bounds] of [
    ['webhook: {rate', '0', '0.001 to 100000'],
    ['webhook: {rate', '1/2', '0.001 to 100000'],
    ['webhook: {rate', '01.5', '0.001 to 100000'],
    ['email: {port', '25.5', '1 to 65535'],
  ] as const) {
    const { problems } = load(t, `${minimal}notification_types: {${key}: ${wrong}}}\n`, { plugins: builtinNotifiers });
    assert.match(problems.join(), new RegExp(`expected ${bounds}, got "${wrong}"`));
  }
});
