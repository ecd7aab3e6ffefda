import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KeySpec } from '../../../src/config/key-spec.js';
import { loadConfig } from '../../../src/config/load.js';
import { problemText } from '../../../src/config/problem.js';
import { schema, sectionKeyName } from '../../../src/config/schema.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { repoRoot } from '../../support/repo.js';

const file = (name: string) => join(repoRoot(), 'config', name);

function loadShipped(name: string) {
  const loaded = loadConfig(file(name), {}, builtinNotifiers);
  if (loaded.kind !== 'valid') assert.fail(loaded.problems.map(problemText).join('\n'));
  return loaded;
}

for (const name of ['notification.yaml', 'notification.dev.yaml']) {
  test(`${name} is valid, with no warning but that of its mode`, () => {
    const { warnings } = loadShipped(name);
    assert.deepEqual(
      warnings.filter(({ message }) => !message.includes('everybody may read')),
      [],
    );
  });
}

test('notification.yaml names every key that has an effect, and its values are the defaults', () => {
  const text = readFileSync(file('notification.yaml'), 'utf8').replaceAll(/^( *)# /gm, '$1');
  const { settings } = loadShipped('notification.yaml');
  for (const [key, spec] of Object.entries<KeySpec>(schema)) {
    const last = key.slice(key.lastIndexOf('.') + 1);
    assert.match(text, new RegExp(`^ *${last}(_file)?:`, 'm'), key);
    if (spec.type !== 'seconds' && spec.default !== undefined && typeof spec.default !== 'object') {
      assert.equal(settings.values.get(key), spec.default, key);
    }
    if (spec.type === 'seconds' && spec.default !== undefined)
      assert.equal(settings.values.get(key), Number(spec.default) * 1000, key);
  }
  for (const { type, keys } of builtinNotifiers) {
    for (const { key, default: fallback, type: keyType } of keys) {
      assert.match(text, new RegExp(`^ *${key}(_file)?:`, 'm'), `${type}.${key}`);
      const value = settings.values.get(sectionKeyName(type, key));
      if (fallback !== undefined && value !== undefined) {
        assert.equal(keyType === 'seconds' ? Number(value) / 1000 : value, fallback, `${type}.${key}`);
      }
    }
  }
});

test('the file of 2014 means what it meant', () => {
  const { config, warnings } = loadShipped('notification.2014.yaml');
  assert.deepEqual(config.kafka.brokers, ['192.168.10.10:9092']);
  assert.equal(config.kafka.alarmTopic, 'alarm-state-transitions');
  assert.equal(config.kafka.notificationTopic, 'alarm-notifications');
  assert.deepEqual([config.mysql.host, config.mysql.port, config.mysql.user], ['192.168.10.6', 3306, 'notification']);
  assert.equal(config.mysql.password.reveal(), 'password');
  assert.deepEqual(config.notifierSections.email, {
    server: 'smtp3.hp.com',
    port: 25,
    from_addr: 'hpcs.mon@hp.com',
    timeout: 60,
  });
  assert.deepEqual(config.processors, {
    alarmCount: 2,
    alarmTtlMs: 14_400_000,
    dropKnownEvents: false,
    notificationCount: 4,
  });
  assert.deepEqual(config.queueCapacity, { alarms: 256, notifications: 256, sent_notifications: 50, finished: 256 });
  assert.deepEqual(config.zookeeper.servers, ['192.168.10.10:2181']);
  assert.equal(config.zookeeper.maxOffsetLagMs, 600_000);
  assert.equal(config.log.level, 'info');
  assert.deepEqual(
    warnings.filter(({ message }) => !message.includes('everybody may read')).map(({ key }) => key),
    ['logging'],
  );
});
