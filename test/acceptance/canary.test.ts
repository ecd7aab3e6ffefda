import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canaryTenantId } from '../../src/domain/canary.js';
import { metricOf } from '../support/metric-of.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

/** Overdue after three intervals: a slow machine must have time for a healthy canary. */
const settings = { 'canary.interval': 3 };

const slowly = { timeoutMs: 120_000 };

/** What is committed is what has its record: the alarm topic holds nothing but canaries, from its beginning. */
async function assertCommittedAsRecorded(world: World): Promise<void> {
  const places = (await world.records('sent')).map(({ value }) => `${value.source_partition}/${value.source_offset}`);
  const committed = await world.zookeeper.committed(world.topic);
  const expected = [...committed].flatMap(([partition, next]) =>
    Array.from({ length: Number(next) }, (_, offset) => `${partition}/${offset}`),
  );
  assert.deepEqual([...new Set(places)].sort(), expected.sort());
}

describe('a canary', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();

  it('goes from Kafka to its record, is measured, and tells nobody', async () => {
    const world = await World.create(suite);
    // Whoever asks for canaries does not get them either.
    const hook = await world.webhook();
    await world.database.actions('canary', []);
    await world.database.run("INSERT INTO alarm_action VALUES ('canary', 'OK', ?)", [hook]);
    const engine = await world.startActive(settings);
    const metrics = async () => (await engine.get('/metrics')).text;
    const countOf = async (name: string, labels = {}) => metricOf(await metrics(), name, labels) ?? 0;
    await waitFor(async () => (await countOf('canary_seconds_count')) >= 3, 'three canaries', slowly);
    assert.ok((await countOf('canaries_total', { result: 'written' })) >= 3);
    assert.equal(await countOf('canary_overdue'), 0);
    assert.ok((await countOf('canary_timestamp_seconds')) > Date.now() / 1000 - 60);
    console.log(`round trips: ${/canary_seconds_sum (.*)/.exec(await metrics())?.[1]} s in sum`);
    assert.equal(await engine.stop(), 0);
    assert.deepEqual(world.receipts(), []);
    const records = await world.records('sent');
    assert.ok(records.length >= 3);
    for (const { value } of records) {
      assert.deepEqual(
        [value.tenant_id, value.type, value.outcome, value.state, value.source_partition],
        [canaryTenantId, 'canary', 'sent', 'OK', 0],
      );
    }
    assert.deepEqual([...(await world.records('retry')), ...(await world.records('dead'))], []);
    await assertCommittedAsRecorded(world);
  });

  it('that does not come back is told, and so is the one that does again', async () => {
    const world = await World.create(suite);
    const { mysql } = world.services;
    const proxy = await TcpProxy.to(mysql.port);
    suite.after(() => proxy.close());
    const engine = await world.startActive({ ...settings, 'mysql.host': '127.0.0.1', 'mysql.port': proxy.port });
    await waitFor(
      async () => /canary_seconds_count [1-9]/.test((await engine.get('/metrics')).text),
      'a canary',
      slowly,
    );
    assert.deepEqual(engine.named('canary_overdue'), []);
    proxy.blackhole();
    assert.ok(Number((await engine.sees('canary_overdue')).seconds) >= 9);
    assert.match((await engine.get('/ready')).text, /canary overdue: none has come back for \d+ s/);
    assert.match((await engine.get('/metrics')).text, /canary_overdue 1/);
    proxy.resume();
    await engine.sees('canary_back');
    assert.equal(engine.named('canary_overdue').length, 1);
    assert.doesNotMatch((await engine.get('/ready')).text, /canary/);
    assert.equal(await engine.stop(), 0);
  });

  it('is missed while the one worker that sends is frozen, until that is replaced', async () => {
    const world = await World.create(suite);
    // Overdue after three seconds, replaced after ten.
    const engine = await world.startActive({ 'canary.interval': 1, 'processors.notification.number': 1 });
    await waitFor(
      async () => /canary_seconds_count [1-9]/.test((await engine.get('/metrics')).text),
      'a canary',
      slowly,
    );
    const [pid = 0] = await engine.workerPids('notification_processor');
    const countOf = (name: string) => engine.named(name).length;
    const before = { overdue: countOf('canary_overdue'), back: countOf('canary_back') };
    process.kill(pid, 'SIGSTOP');
    await waitFor(() => countOf('canary_back') > before.back, 'a canary again', slowly);
    assert.ok(countOf('canary_overdue') > before.overdue);
    assert.equal(engine.named('worker_replaced').length, 1);
    assert.equal(await engine.stop(), 0);
    await assertCommittedAsRecorded(world);
  });

  it('is written by each of two engines that share the partitions, to one of its own', async () => {
    const world = await World.create(suite, { partitionCount: 2 });
    const shared = { ...settings, 'zookeeper.lock': 'partition' };
    const engines = [await world.start(shared), await world.start(shared)];
    const returned = async () => {
      const texts = await Promise.all(engines.map((engine) => engine.get('/metrics')));
      return texts.every(({ text }) => (metricOf(text, 'canary_seconds_count') ?? 0) > 2);
    };
    await waitFor(returned, 'canaries of both', slowly);
    for (const engine of engines) assert.equal(await engine.stop(), 0);
    const partitions = (await world.records('sent')).map(({ value }) => value.source_partition);
    assert.deepEqual([...new Set(partitions)].sort(), [0, 1]);
    for (const engine of engines) assert.deepEqual(engine.named('canary_overdue'), []);
    await assertCommittedAsRecorded(world);
  });
});
