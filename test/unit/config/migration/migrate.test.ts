import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { loadConfig } from '../../../../src/config/load.js';
import { migrate } from '../../../../src/config/migration/migrate.js';
import { yamlText } from '../../../../src/config/migration/yaml-text.js';
import { Findings, fileStart, problemText } from '../../../../src/config/problem.js';
import { readYaml } from '../../../../src/config/yaml-document.js';
import { builtinNotifiers } from '../../../../src/notifiers/builtin.js';
import { minimal, privateFolder } from '../../../support/config-file.js';

const ini = `[kafka]
[mysql]
passwd = pw
`;

function migrated(t: TestContext, source: string, environment = {}) {
  const file = join(privateFolder(t), 'old');
  writeFileSync(file, source);
  const result = migrate(file, environment, builtinNotifiers);
  if (result.kind === 'invalid') return { problems: result.problems.map((one) => problemText(one).slice(file.length)) };
  writeFileSync(file, result.text);
  chmodSync(file, 0o600);
  const loaded = loadConfig(file, environment, builtinNotifiers);
  assert.equal(loaded.kind, 'valid', result.text);
  return { problems: [], text: result.text, loaded: loaded.kind === 'valid' ? loaded : undefined };
}

describe('a migrated YAML file', () => {
  it('keeps what it says and leaves out what is empty, but for the emptiness that means something', (t) => {
    const source = `${minimal}processors: {alarm: {ttl: }}\nzookeeper_typo: 1\nlogging: {root: {level: WARNING}}\n`;
    const { text, loaded } = migrated(t, source);
    assert.equal(loaded?.config.processors.alarmTtlMs, undefined);
    assert.equal(loaded?.config.log.level, 'warn');
    assert.match(text ?? '', /# {3}zookeeper_typo \(line 6\): unknown to this engine/);
  });

  it('keeps files and variables of secrets as they are', (t) => {
    const variable = '$' + '{DB_PASSWORD}';
    const source = minimal.replace('passwd: pw', `passwd: "${variable}"`);
    const { text } = migrated(t, source, { DB_PASSWORD: 'hidden' });
    assert.ok(text?.includes(`passwd: "${variable}"`) && !text.includes('hidden'), text);
  });

  it('says of a mail login that it wants TLS now', (t) => {
    const source = minimal.replace('server: relay', 'server: relay, user: u, password: p');
    assert.match(migrated(t, source).text ?? '', /# The old engine logged in without TLS\./);
    assert.doesNotMatch(migrated(t, minimal).text ?? '', /without TLS/);
  });

  it('verifies certificates, whatever the old one did, and says so', (t) => {
    const source = `${minimal}notification_types: {webhook: {insecure: true}}\n`;
    const { text } = migrated(t, source);
    assert.match(text ?? '', /# {3}notification_types\.webhook\.insecure \(line \d+\): certificates are verified/);
    assert.doesNotMatch(text ?? '', /^ *insecure: true/m);
  });

  it('of the years after 2015 has the later names of figures', (t) => {
    const { loaded, text } = migrated(t, `${minimal}database: {repo_driver: mysql}\n`);
    assert.equal(loaded?.config.statsd.names, 'monasca');
    assert.match(text ?? '', /# {3}database\.repo_driver \(line 5\)/);
    assert.equal(migrated(t, minimal).loaded?.config.statsd.names, 'mon');
  });
});

describe('a migrated INI file', () => {
  it('says what the old engine took for granted', (t) => {
    const { loaded } = migrated(t, ini);
    assert.deepEqual(loaded?.config.kafka.brokers, ['127.0.0.1:9092']);
    assert.deepEqual([loaded?.config.kafka.group, loaded?.config.mysql.db], ['monasca-notification', 'mon']);
    assert.deepEqual(loaded?.config.enabledTypes, []);
  });

  it('reads values as oslo.config does', (t) => {
    const source = `${ini}host: 'db 1'\n# comment\n  user = me\n`;
    assert.deepEqual(migrated(t, source).problems, [
      ':6:3 (file): expected a section or a key at the start of the line, got an indented one',
    ]);
    const long =
      '[notification_types]\nenabled = webhook,\n   slack\n[kafka]\nurl = a:1,\n  b:2\n[mysql]\npasswd = "x = #y"\npasswd = \'z $$ \'\n';
    const { loaded } = migrated(t, long);
    assert.deepEqual(loaded?.config.enabledTypes, ['webhook', 'slack']);
    assert.deepEqual(loaded?.config.kafka.brokers, ['a:1', 'b:2']);
    assert.equal(loaded?.config.mysql.password.reveal(), 'z $ ');
  });

  it('is refused where it cannot be read, without a word of its values', (t) => {
    for (const [source, expected] of [
      ['[kafka\nurl = secret\n', ':1:1 (file): expected [section], got part of it'],
      ['[a]\n= secret\n', ':2:1 (file): expected a key before the equals sign, got none'],
      ['[kafka]\nperiodic = secret\n', ':2:12 periodic: expected key:value, or several separated by commas'],
    ] as const) {
      const { problems } = migrated(t, source);
      assert.equal(problems[0], expected);
      assert.ok(!problems.join().includes('secret'));
    }
  });

  it('never throws, whatever it holds', (t) => {
    const line = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        '[kafka]',
        '[mysql]',
        '[notification_types]',
        'enabled = jira',
        'ssl = a:b',
        'url = ,',
        ' x',
        '[__proto__]',
        'constructor = 1',
        'a.b = 1',
      ),
    );
    const file = join(privateFolder(t), 'old');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        writeFileSync(file, `[kafka]\n${lines.join('\n')}`);
        const result = migrate(file, {}, builtinNotifiers);
        assert.ok(result.kind === 'migrated' || result.problems.length > 0);
      }),
    );
  });
});

describe('written YAML', () => {
  it('is read back as the same texts', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('null', '~', '0123', 'a: b', '- x', '&a', '*a', '!t', '#c', ' x ', '1e3'),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
        const wanted = texts.map((one) => Buffer.from(one).toString());
        const lines = wanted.map((one, index) => {
          const value = { kind: 'scalar', at: fileStart, text: one, plain: false } as const;
          return { name: `section.key${index}`, value, comment: ['a comment'] };
        });
        const findings = new Findings('new');
        const section = readYaml(yamlText(lines), findings)?.entries[0]?.value;
        assert.deepEqual(findings.problems, []);
        assert.ok(section?.kind === 'section');
        assert.deepEqual(
          section.entries.map(({ value }) => (value.kind === 'scalar' ? value.text : undefined)),
          wanted,
        );
      }),
    );
  });
});
