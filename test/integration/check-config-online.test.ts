import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCommand } from '../support/command-run.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { World } from '../support/world.js';

/** Nobody listens there. */
const nowhere = '127.0.0.1:1';

describe('check-config --online', { skip: skipWithoutServices(), concurrency: true }, () => {
  const suite = cleanUpAfterSuite();
  const check = (config: string, ...words: string[]) => runCommand('check-config', '--config', config, ...words);

  it('says of each system what it found there, with its place, and changes nothing', async () => {
    const world = await World.create(suite, { partitionCount: 2 });
    const config = await world.configure();
    const { code, out } = await check(config, '--online');
    assert.equal(code, 0, out);
    assert.match(out, new RegExp(`^${config}:3:12 kafka\\.url: Kafka .*topic ${world.topic} has partitions: 2$`, 'm'));
    assert.match(out, new RegExp(`^${config}:\\d+:\\d+ zookeeper\\.url: ZooKeeper answers; /consumers/\\S+ will`, 'm'));
    assert.match(out, new RegExp(`^${config}:\\d+:\\d+ mysql\\.host: MySQL answers; .*${world.database.name}`, 'm'));
    assert.match(out, new RegExp(`^${config}: valid$`, 'm'));
    assert.deepEqual(await world.zookeeper.children(`/consumers/${world.group}`), []);
    const { valid, online } = JSON.parse((await check(config, '--online', '--json')).out);
    const seen = online.map(({ key, isFine, line }: Record<string, unknown>) => [key, isFine, typeof line]);
    const expected = ['kafka.url', 'zookeeper.url', 'mysql.host'].map((key) => [key, true, 'number']);
    assert.deepEqual([valid, seen], [true, expected]);
  });

  it('ends with 78 and all that is away, with what to check; without --online nobody is asked', async () => {
    const world = await World.create(suite, { partitionCount: 0 });
    const away = { 'kafka.url': nowhere, 'mysql.host': '127.0.0.1', 'mysql.port': 1 };
    const config = await world.configure(away);
    const { code, out } = await check(config, '--online');
    assert.equal(code, 78);
    assert.match(out, /:3:12 kafka\.url: expected an answer, got: asked Kafka at 127\.0\.0\.1:1 .*; check /);
    assert.match(out, /zookeeper\.url: ZooKeeper answers/);
    assert.match(out, /mysql\.host: expected an answer, got: asked MySQL at 127\.0\.0\.1:1.*; check /);
    assert.match(out, /: valid, but not all that it names can be used$/m);
    const offline = await check(config);
    assert.deepEqual([offline.code, offline.out.includes('answer')], [0, false]);
  });

  it('ends with 78 when Kafka lacks the alarm topic or MySQL the database', async () => {
    const world = await World.create(suite, { partitionCount: 0 });
    const { code, out } = await check(await world.configure({ 'mysql.db': 'no_such_db' }), '--online', '--json');
    const { online } = JSON.parse(out);
    assert.deepEqual([code, online.map(({ isFine }: { isFine: boolean }) => isFine)], [78, [false, true, false]]);
    assert.match(online[0].message, new RegExp(`has no topic ${world.topic}; create it`));
    assert.match(online[2].message, /no_such_db/);
  });
});
