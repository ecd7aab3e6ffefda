import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { EngineProcess } from '../support/engine-process.js';
import { metricOf } from '../support/metric-of.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Definition, type SentAlarm, World } from '../support/world.js';

/** What each partition stands for: all hold ten alarms when the engine starts. */
const [ours, ancestors, fresh, expired, recreated] = [0, 1, 2, 3, 4] as const;
const added = 5;

describe('reading begins', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let engine: EngineProcess;
  let definition: Definition;
  let sent: readonly SentAlarm[];

  const receivedOf = (partition: number) => {
    const ids = new Set(world.receipts().map(({ alarmId }) => alarmId));
    const received = sent.filter((alarm) => alarm.partition === partition && ids.has(alarm.alarmId));
    return received.map(({ offset }) => Number(offset)).sort((a, b) => a - b);
  };
  const from = (first: number) => Array.from({ length: 10 - first }, (_, index) => first + index);

  before(async () => {
    world = await World.create(suite, { partitionCount: 5 });
    definition = await world.definition(await world.webhook());
    sent = await world.send(50, definition);
    await world.zookeeper.write(world.zookeeper.offsetPath(world.topic, ours), '5');
    await world.zookeeper.write(`/consumers/mon-notification/${world.topic}/${ancestors}`, '3');
    await world.zookeeper.write(world.zookeeper.offsetPath(world.topic, expired), '2\n\nfor people\n');
    await world.zookeeper.write(world.zookeeper.offsetPath(world.topic, recreated), '500');
    await world.kafka.deleteRecords(world.topic, expired, '6');
    engine = await world.startActive();
    await waitFor(() => world.http.requestCount >= 5 + 6 + 10 + 4, 'the alarms', { timeoutMs: 30_000 });
    // Partitions that are added are seen within half a minute: the other tests run meanwhile.
    await world.kafka.addPartitions(world.topic, 6);
  });

  it('at the position of ours', () => assert.deepEqual(receivedOf(ours), from(5)));

  it('behind the last finished offset of a 2014 engine, where there is none of ours (P17)', () => {
    assert.deepEqual(receivedOf(ancestors), from(4));
    assert.equal(engine.named('offset_imported').length, 1);
  });

  it('at the earliest offset, where nobody has read before', () => assert.deepEqual(receivedOf(fresh), from(0)));

  it('at the earliest offset that retention has left, which is an error to hear of (K6) (K8)', async () => {
    assert.deepEqual(receivedOf(expired), from(6));
    const [skipped] = engine.named('offsets_skipped');
    assert.deepEqual([skipped?.level, skipped?.partition, String(skipped?.skipped)], ['error', expired, '4']);
    const { text } = await engine.get('/metrics');
    const labels = { topic: world.topic, partition: String(expired) };
    assert.equal(metricOf(text, 'skipped_by_broker_total', labels), 4);
  });

  it('nowhere in a partition that ends before our position: it halts, and says how to go on (K8)', async () => {
    assert.deepEqual(receivedOf(recreated), []);
    const [halted] = engine.named('partition_halted');
    assert.match(String(halted?.detail), new RegExp(`offsets set ${world.topic}/${recreated}=OFFSET`));
    const { status, text } = await engine.get('/ready');
    assert.equal(status, 503);
    assert.match(text, new RegExp(`halted ${world.topic}/${recreated}: .*offsets set`));
    assert.equal((await engine.get('/health')).status, 200);
    assert.equal(await world.zookeeper.read(world.zookeeper.offsetPath(world.topic, recreated)), '500');
  });

  it('in a partition that is added while the engine runs', async () => {
    await waitFor(
      () => engine.named('partition_positioned').some(({ partition }) => partition === added),
      'the new partition',
      { timeoutMs: 60_000 },
    );
    const before = world.http.requestCount;
    const value = JSON.stringify({
      'alarm-transitioned': {
        ...{ tenantId: 't1', alarmId: 'late', alarmName: 'late', alarmDefinitionId: definition.id, oldState: 'OK' },
        ...{ newState: 'ALARM', stateChangeReason: '', timestamp: Date.now() },
      },
    });
    await world.kafka.produce(world.topic, [{ partition: added, value }]);
    await waitFor(() => world.http.requestCount === before + 1, 'its alarm');
    assert.equal(await engine.stop(), 0);
  });
});

describe('a position stays', { skip: skipWithoutServices() }, () => {
  it('at an alarm that is not finished, which is told and measured, and moves when it is (D4)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    world.http.answer('*', { instead: 'hang' });
    await world.send(1, await world.definition(await world.webhook()));
    await world.send(20, await world.definition(await world.mailbox()));
    const engine = await world.startActive({ 'zookeeper.max_offset_lag': 1 });
    const labels = { topic: world.topic, partition: '0' };
    const gauge = async (name: string) => metricOf((await engine.get('/metrics')).text, name, labels);
    await waitFor(async () => (await gauge('stuck_head')) === 1, 'the stuck head', { timeoutMs: 20_000 });
    await waitFor(() => world.mail.mailCount === 20, 'all that lie behind it');
    assert.ok(((await gauge('oldest_unfinished_seconds')) ?? 0) > 1);
    const [stuck] = engine.named('head_stuck');
    assert.deepEqual([stuck?.topic, stuck?.partition, stuck?.offset], [world.topic, 0, '0']);
    const { status, text } = await engine.get('/ready');
    assert.deepEqual([status, text.includes(`stuck_head ${world.topic}/0@0`)], [200, true]);
    assert.equal((await world.zookeeper.committed(world.topic)).get(0) ?? 0n, 0n);
    // Cut off, its send has an outcome: it waits for a retry.
    await world.http.stop();
    await waitFor(async () => (await gauge('stuck_head')) === 0, 'the head to move', { timeoutMs: 20_000 });
    await world.caughtUp();
    assert.equal((await world.records('retry')).length, 1);
    assert.equal(await engine.stop(), 0);
  });
});

describe('who is told is found', { skip: skipWithoutServices() }, () => {
  for (const [schema, what] of [
    ['alarm', 'by alarm and state, as in 2014'],
    ['alarm_without_state', 'by alarm alone, as before March 2014'],
  ] as const) {
    it(what, async (test) => {
      const world = await World.create(test, { partitionCount: 1, schema });
      const definition = await world.definition(await world.mailbox());
      await world.send(2, definition);
      await world.send(1, definition, { newState: 'OK' });
      const engine = await world.startActive();
      await world.caughtUp();
      assert.equal(world.mail.mailCount, schema === 'alarm' ? 2 : 3);
      assert.equal(await engine.stop(), 0);
    });
  }
});
