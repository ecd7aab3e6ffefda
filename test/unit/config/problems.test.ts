// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, minimal } from '../../support/config-file.js';

/** One line of YAML after the minimal file, whose lines are four, and what is said about it. */
const wrongValues: readonly (readonly [string, string])[] = [
  ['processors: {alarm: {number: two}}', '5:30 processors.alarm.number: expected 1 to 64, got "two"'],
  ['processors: {alarm: {number: 0}}', '5:30 processors.alarm.number: expected 1 to 64, got "0"'],
  ['processors: {alarm: {number: 2.5}}', '5:30 processors.alarm.number: expected 1 to 64, got "2.5"'],
  ['processors: {alarm: {number: [2]}}', '5:30 processors.alarm.number: expected 1 to 64, got a list'],
  ['processors: {alarm: {number: }}', '5:22 processors.alarm.number: expected 1 to 64, got nothing'],
  [
    'processors: {alarm: {ttl: soon}}',
    '5:27 processors.alarm.ttl: expected seconds or a duration such as 30s, 5m, 2h, 500ms, 1 to 31536000 s, got "soon"',
  ],
  [
    'retry: {interval: 0}',
    '5:19 retry.interval: expected seconds or a duration such as 30s, 5m, 2h, 500ms, above 0 s, at most 100000000000 s, got "0"',
  ],
  ['admin: {port: 70000}', '5:15 admin.port: expected 0 to 65535, got "70000"'],
  ['admin: {host: "a b"}', '5:15 admin.host: expected a host name or an IP address, got "a b"'],
  ['admin: {host: ""}', '5:15 admin.host: expected a host name or an IP address, got nothing'],
  ['statsd: {enable: maybe}', '5:18 statsd.enable: expected true or false, got "maybe"'],
  ['statsd: {enable: 1}', '5:18 statsd.enable: expected true or false, got "1"'],
  ['statsd: {names: mons}', '5:17 statsd.names: expected mon, monasca or both, got "mons"'],
  [
    'http: {allow: [10.0.0.0/33]}',
    '5:16 http.allow: expected a network such as 10.0.0.0/8, an IP address or a host name, got "10.0.0.0/33"',
  ],
  [
    'http: {allow: [10.0.0.0/8, "a b"]}',
    '5:28 http.allow: expected a network such as 10.0.0.0/8, an IP address or a host name, got "a b"',
  ],
  [
    'http: {allow: [[]]}',
    '5:16 http.allow: expected a network such as 10.0.0.0/8, an IP address or a host name, got a list',
  ],
  [
    'http: {allow: {a: b}}',
    '5:15 http.allow: expected a list, each item a network such as 10.0.0.0/8, an IP address or a host name, got a section',
  ],
  ['http: {allow: ["${NOWHERE}"]}', '5:16 http.allow: expected the environment variable NOWHERE to be set, got none'],
  ['notification_types: {plugins: [""]}', '5:32 notification_types.plugins: expected a text, got ""'],
  [
    'heartbeat: {url: example.com/ping}',
    '5:18 heartbeat.url: expected an http or https URL without user and password, got something else',
  ],
  [
    'heartbeat: {url: "https://u:p@example.com/ping"}',
    '5:18 heartbeat.url: expected an http or https URL without user and password, got something else',
  ],
  ['digest: {embedded: perhaps}', '5:20 digest.embedded: expected true or false, got "perhaps"'],
  [
    'digest: {methods: {m-1: {delivery: sometimes}}}',
    '5:36 digest.methods.m-1.delivery: expected immediate or digest, got "sometimes"',
  ],
  [
    'digest: {methods: {m-1: {delivery: digest, schedule: noon}}}',
    '5:54 digest.methods.m-1.schedule: expected a schedule such as 08:00,17:30 mon-fri Europe/Athens or every 4h, got "noon"',
  ],
  ['digest: {methods: {m-1: {empty: maybe}}}', '5:33 digest.methods.m-1.empty: expected skip or send, got "maybe"'],
  ['digest: {methods: {m-1: {empty: }}}', '5:26 digest.methods.m-1.empty: expected skip or send, got ""'],
  [
    'digest: {methods: {m-1: {delivers: digest}}}',
    '5:36 digest.methods.m-1.delivers: expected one of delivery, schedule and empty, got "digest"',
  ],
  [
    'digest: {methods: {m-1: digest}}',
    '5:25 digest.methods.m-1: expected a section with delivery, schedule or empty, got a text',
  ],
  [
    'digest: {users: {u-1: every 4h, u-2: noon}}',
    '5:38 digest.users.u-2: expected a schedule such as 08:00,17:30 mon-fri Europe/Athens or every 4h, got "noon"',
  ],
  [
    'digest: {users: {u-1: [every 4h]}}',
    '5:23 digest.users.u-1: expected a schedule such as 08:00,17:30 mon-fri Europe/Athens or every 4h, got a list',
  ],
  [
    'digest: {nats: "nats://u:100%@host"}',
    '5:16 digest.nats: expected nats://HOST:PORT, or several separated by commas, got something else',
  ],
  ['digest: {metrics_listen: here}', '5:26 digest.metrics_listen: expected HOST:PORT or :PORT, got "here"'],
  ['queues: 5', '5:9 queues: expected a section, got a text'],
  ['queues: [5]', '5:9 queues: expected a section, got a list'],
  ['admin: {port: "${PORT}"}', '5:15 admin.port: expected 0 to 65535, got "${PORT}" once filled in'],
  ['admin: {port: "${NOWHERE}"}', '5:15 admin.port: expected the environment variable NOWHERE to be set, got none'],
  [
    'admin: {host: "${NOWHERE"}',
    '5:15 admin.host: expected ${NAME} or ${NAME:-default}, or $${ for the signs themselves, got an unfinished reference',
  ],
  [
    'admin: {host: "${A:-${B}}"}',
    '5:15 admin.host: expected ${NAME} or ${NAME:-default}, or $${ for the signs themselves, got an unfinished reference',
  ],
  [
    'database: {repo_driver: postgresql}',
    '5:25 database.repo_driver: expected mysql, the only database, got another value',
  ],
  [
    'keystone: {auth_required: true}',
    '5:27 keystone.auth_required: expected false, because webhooks carry no Keystone token, got another value',
  ],
  [
    'notification_types: {enabled: [emial]}',
    '5:31 notification_types.enabled: expected email or webhook, got "emial"; the nearest known one is email',
  ],
  [
    'notification_types: {webhook: {timeout: never}}',
    '5:41 notification_types.webhook.timeout: expected seconds or a duration such as 30s, 5m, 2h, 500ms, 0.1 to 300 s, got "never"',
  ],
  [
    'notification_types: {email: {port: 25}, email: {}}',
    '5:41 notification_types.email: expected each key once, got it again after line 5, column 22',
  ],
  [
    'log: {level: !!python/name:os.system x}',
    '5:14 (file): expected no tag, got one; a text that begins with ! needs quotes',
  ],
  ['log: *level', '5:6 (file): expected an anchor before its alias, got none; a text that begins with * needs quotes'],
  ['? [a]\n: b', '5:3 (file): expected a name as key, got a list'],
  ['log:\n  level: info\n  level: debug', '7:3 log.level: expected each key once, got it again after line 6, column 3'],
  ['<<: 5', '5:5 <<: expected a section to merge, got a scalar'],
  ['log: {<<: 5}', '5:11 log.<<: expected a section to merge, got a scalar'],
];

for (const [line, expected] of wrongValues) {
  test(`reports ${line}`, (t) => {
    const { problems } = load(t, `${minimal}${line}\n`, { environment: { PORT: 'canary-value' } });
    assert.ok(problems.includes(`n.yaml:${expected}`), problems.join('\n'));
  });
}

/** Pairs of a whole file and what is said about it, first to last. */
const wrongFiles: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['an empty file', '', '1:1 (file): expected settings, got an empty file'],
  ['a file of comments', '# nothing\n', '1:1 (file): expected settings, got an empty file'],
  ['a list', '- a\n', '1:1 (file): expected sections with keys, got a list'],
  ['a text', 'hello\n', '1:1 (file): expected sections with keys, got a text'],
  ['two documents', 'a: 1\n---\nb: 1\n', '3:1 (file): expected one YAML document, got another one'],
  ['broken YAML', 'a: [1\nb: 2\n', '2:1 (file): expected valid YAML, got this: deficient indentation'],
  [
    'bytes that are not UTF-8',
    new Uint8Array([0x61, 0xff]),
    '1:1 (file): expected a readable file of at most 1 MiB, got bytes that are not UTF-8',
  ],
  [
    'more than 1 MiB',
    `a: ${'x'.repeat(1024 * 1024)}`,
    '1:1 (file): expected a readable file of at most 1 MiB, got more than 1048576 bytes',
  ],
  [
    'nesting without end',
    `a: ${'['.repeat(200)}`,
    '1:103 (file): expected valid YAML, got this: nesting exceeded maxDepth',
  ],
  ['many aliases', `a: &a x\nb: [${'*a, '.repeat(60)}*a]\n`, '2:205 (file): expected at most 50 aliases, got more'],
];

for (const [name, content, expected] of wrongFiles) {
  test(`refuses ${name}`, (t) => {
    const { problems } = load(t, content);
    assert.ok(problems.includes(`n.yaml:${expected}`), problems.join('\n'));
  });
}

test('asks for everything that has no default, all at once', (t) => {
  const { problems } = load(t, 'kafka: {}\nlog:\n  level: debug\n');
  assert.deepEqual(problems, [
    'n.yaml:1:1 kafka.url: expected host:port, or several separated by commas, got nothing',
    'n.yaml:1:1 zookeeper.url: expected host:port, or several separated by commas, no IPv6 address, got nothing',
    'n.yaml:1:1 mysql.host: expected a host name or an IP address, got nothing',
    'n.yaml:1:1 mysql.user: expected a text, got nothing',
    'n.yaml:1:1 mysql.passwd: expected a text, got nothing',
    'n.yaml:1:1 mysql.db: expected the name of a database, got nothing',
  ]);
});

test('names what is missing at the section where it belongs', (t) => {
  const { problems } = load(t, `${minimal.replace('host: db, ', '')}`);
  assert.deepEqual(problems, ['n.yaml:3:1 mysql.host: expected a host name or an IP address, got nothing']);
});

test('reports the wrong key of a notifier under the name by which it was given', (t) => {
  const { problems } = load(t, minimal.replace('from_addr', 'port: smtp, from_addr'));
  assert.deepEqual(problems, ['n.yaml:4:30 email.port: expected 1 to 65535, got "smtp"']);
});

test('hands on what a notifier has against its section', (t) => {
  const { problems } = load(t, minimal.replace('relay', 'refused'));
  assert.deepEqual(problems, ['n.yaml:4:17 email.server: expected another host, got "refused"']);
});

test('refuses one key under two names', (t) => {
  const { problems } = load(t, minimal.replace('passwd: pw', 'passwd: pw, password: pw2'));
  assert.deepEqual(problems, ['n.yaml:3:52 mysql.password: expected one of mysql.passwd and mysql.password, got both']);
});

test('refuses a secret beside its file, and a file that cannot be read', (t) => {
  const both = load(t, minimal.replace('passwd: pw', 'passwd: pw, passwd_file: f'), { files: { f: 'x' } });
  assert.deepEqual(both.problems, [
    'n.yaml:3:55 mysql.passwd_file: expected one of mysql.passwd and mysql.passwd_file, got both',
  ]);
  const unreadable = load(t, minimal.replace('passwd: pw', 'passwd_file: nowhere'));
  assert.deepEqual(unreadable.problems, [
    'n.yaml:3:43 mysql.passwd_file: expected a readable file, got "nowhere" (no such file)',
  ]);
});

test('refuses a type that was asked for by name and is not configured', (t) => {
  const { problems } = load(t, `${minimal.replace('server: relay, ', '')}notification_types: {enabled: [email]}\n`);
  assert.deepEqual(problems, [
    'n.yaml:5:31 notification_types.enabled: expected email to be configured, got: no server',
  ]);
});

test('refuses topics that feed on each other', (t) => {
  const { problems } = load(t, minimal.replace('url: k1', 'url: k1, notification_topic: alarm-state-transitions'));
  assert.deepEqual(problems, [
    'n.yaml:1:38 kafka.notification_topic: expected a topic of its own, got that of kafka.alarm_topic',
  ]);
});

test('refuses half a login to Kafka', (t) => {
  const { problems } = load(
    t,
    minimal.replace('url: k1', 'url: k1, sasl: {mechanism: plain, username: u, password: }'),
  );
  assert.deepEqual(problems, [
    'n.yaml:1:56 kafka.sasl.password: expected mechanism, username and password together, got nothing here',
  ]);
});

test('refuses a login to ZooKeeper that is no user:password, without showing it', (t) => {
  const { problems } = load(t, minimal.replace('url: z1', 'url: z1, auth: canary'));
  assert.deepEqual(problems, ['n.yaml:2:28 zookeeper.auth: expected user:password, got something else']);
});

test('never quotes a secret, wherever it stands wrongly', (t) => {
  const canary = 'c4n4ry';
  const files = [
    minimal.replace('passwd: pw', `passwd: [${canary}]`),
    minimal.replace('passwd: pw', `passwd: {a: ${canary}}`),
    minimal.replace('passwd: pw', `passwd: !${canary}`),
    minimal.replace('passwd: pw', `passwd: *${canary}`),
    minimal.replace('passwd: pw', `passwd: "${canary}`),
    minimal.replace('passwd: pw', `passwd: !x!${canary}`),
    minimal.replace('passwd: pw', `password: ${canary}, passwd: ${canary}`),
    minimal.replace('url: z1', `url: z1, auth: ${canary}`),
    minimal.replace('url: k1', `url: user:${canary}@k1`),
    minimal.replace('url: k1', `url: k1, ssl: {key: ${canary}}`),
    minimal.replace('passwd: pw', `passwd: pw, pasword: ${canary}`),
    minimal.replace('db: mon}', `db: mon}\nmysql: ${canary}`),
    `mysql: ${canary}\n`,
    canary,
  ];
  for (const file of files) {
    const { problems, warnings } = load(t, file);
    const said = [...problems, ...warnings].join('\n');
    assert.ok(said !== '' && !said.includes(canary), said);
  }
});

test('refuses an IPv6 address of ZooKeeper, which the client library cannot take', (t) => {
  const { problems } = load(t, minimal.replace('url: z1', 'url: "[2001:db8::1]:2181"'));
  assert.match(problems.join(), /^n\.yaml:2:18 zookeeper\.url: expected .*no IPv6 address, got/);
});
