import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadKafkaConfig } from '../../../src/config/load-kafka.js';
import { minimal, privateFolder } from '../../support/config-file.js';

function loaded(t: TestContext, text: string, mode = 0o600) {
  const file = join(privateFolder(t), 'n.yaml');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return loadKafkaConfig(file, { PW: 'secret' });
}

const messages = (found: ReturnType<typeof loadKafkaConfig>) =>
  found.kind === 'valid' ? [] : found.problems.map(({ key, message }) => `${key}: ${message}`);

describe('what a producer reads of a configuration', () => {
  it('is the section of Kafka, which stands for itself', (t) => {
    const sasl = `sasl: {mechanism: PLAIN, username: u, password: "$${'{PW}'}"}`;
    const found = loaded(t, `kafka: {url: "k1,k2:9093", alarm_topic: mine, ${sasl}}\n`);
    assert.deepEqual([found.kind, found.warnings, messages(found)], ['valid', [], []]);
    const { kafka } = found.kind === 'valid' ? found.config : assert.fail();
    assert.deepEqual(
      [kafka.brokers, kafka.alarmTopic, kafka.sasl?.password.reveal()],
      [['k1:9092', 'k2:9093'], 'mine', 'secret'],
    );
  });

  it('may lie beside what is wrong for an engine, and beside what it does not know', (t) => {
    const engine = 'mysql: {host: ""}\nzookeeper: {url: ""}\nnotification_types: {plugins: [nowhere], x: {y: z}}\n';
    const found = loaded(t, `kafka: {url: k1}\n${engine}`);
    assert.deepEqual([found.kind, found.warnings], ['valid', []]);
    assert.deepEqual([loaded(t, minimal).kind, loaded(t, minimal).warnings], ['valid', []]);
  });

  it('is refused when brokers are missing, and when a login is not whole', (t) => {
    assert.deepEqual(messages(loaded(t, 'mysql: {host: db}\n')), [
      'kafka.url: expected host:port, or several separated by commas, got nothing',
    ]);
    assert.deepEqual(messages(loaded(t, 'kafka: {url: k1, sasl: {mechanism: PLAIN, username: u}}\n')), [
      'kafka.sasl.password: expected mechanism, username and password together, got nothing here',
    ]);
    assert.match(messages(loadKafkaConfig('/nowhere/n.yaml', {}))[0] ?? '', /expected a readable file.*no such file/);
  });

  it('warns of a password in a file that everybody may read', (t) => {
    const open = 'kafka: {url: k1, sasl: {mechanism: PLAIN, username: u, password: p}}\n';
    assert.deepEqual(
      [0o644, 0o600].map((mode) => loaded(t, open, mode).warnings.map(({ key }) => key)),
      [['kafka.sasl.password'], []],
    );
  });

  it('warns of a key of Kafka that it does not know', (t) => {
    assert.deepEqual(
      loaded(t, 'kafka: {url: k1, alam_topic: x}\n').warnings.map(({ key }) => key),
      ['kafka.alam_topic'],
    );
  });
});
