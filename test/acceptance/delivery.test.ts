import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { EngineProcess } from '../support/engine-process.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

const alarmCount = 10_000;
/** Every tenth alarm goes to a mailbox too. */
const promiseCount = 11_000;

const inheritedKeys = [
  ...['id', 'type', 'name', 'address', 'retry_count', 'raw_alarm', 'alarm_id', 'alarm_name', 'alarm_timestamp'],
  ...['message', 'notification_timestamp', 'state', 'severity', 'link', 'lifecycle_state', 'tenant_id', 'period'],
];
const ownKeys = [
  ...['notification_id', 'outcome', 'source_topic', 'source_partition', 'source_offset', 'attempt', 'repeat'],
  ...['sent_at', 'not_before', 'reason', 'history', 'instance'],
];

describe('10,000 alarms over four partitions', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let engine: EngineProcess;

  before(async () => {
    world = await World.create(suite);
    const hook = await world.webhook();
    const definitions = [await world.definition(hook, await world.mailbox()), await world.definition(hook)] as const;
    engine = await world.startActive({ 'processors.notification.number': 4 });
    const startedAtMs = Date.now();
    await world.send(alarmCount, (index) => definitions[index % 10 === 0 ? 0 : 1]);
    await world.caughtUp();
    console.log(`${alarmCount} alarms from producer to committed offset in ${Date.now() - startedAtMs} ms`);
  });

  it('each reach every method once', async () => {
    assert.deepEqual(await world.verdict(), {
      ...{
        lost: [],
        repeatCount: 0,
        unrecordedRepeatCount: 0,
        severalIds: [],
        deliveredCount: promiseCount,
        parkedCount: 0,
      },
    });
  });

  it('carry one identity to the receiver and into the record', async () => {
    const records = await world.records('sent');
    assert.equal(records.length, promiseCount);
    assert.ok(records.every(({ key, value }) => key === value.notification_id));
    const ofRecords = new Map(records.map(({ key, value }) => [`${value.alarm_id} ${value.id}`, key]));
    const receipts = world.receipts();
    const other = receipts.filter(({ alarmId, methodId, id }) => ofRecords.get(`${alarmId} ${methodId}`) !== id);
    assert.deepEqual(other.slice(0, 5), []);
    assert.ok(world.http.requests.every(({ headers }) => headers['webhook-id'] === headers['idempotency-key']));
    assert.equal(new Set(receipts.map(({ id }) => id)).size, promiseCount);
  });

  it('leave a complete record of every send', async () => {
    const positions = new Map(world.sent.map(({ alarmId, partition, offset }) => [alarmId, `${partition}/${offset}`]));
    for (const { headers, value } of await world.records('sent')) {
      assert.deepEqual(Object.keys(value).slice(0, inheritedKeys.length), inheritedKeys);
      assert.deepEqual(
        ownKeys.filter((key) => !(key in value)),
        [],
      );
      assert.deepEqual([headers['notification-outcome'], headers['notification-schema']], ['sent', '1']);
      assert.equal(`${value.source_partition}/${value.source_offset}`, positions.get(String(value.alarm_id)));
      assert.deepEqual([value.outcome, value.attempt, value.retry_count, value.reason], ['sent', 1, 0, null]);
    }
  });

  it('leave the position in ZooKeeper and in the Kafka group at the end of every partition', async () => {
    const ends = [...(await world.kafka.logEnds(world.topic))].sort();
    assert.equal(ends.length, 4);
    assert.deepEqual([...(await world.zookeeper.committed(world.topic))].sort(), ends);
    const isMirrored = async () =>
      String([...(await world.kafka.groupOffsets(world.group, world.topic))].sort()) === String(ends);
    await waitFor(isMirrored, `group ${world.group} at ${ends}`);
  });

  it('are counted in the status', async () => {
    const { outcomes, partitions, queues } = await engine.status();
    assert.equal(outcomes.sent, promiseCount);
    assert.ok(partitions.every(({ window, committed, read }) => window === 0 && committed === read));
    assert.ok(queues.every(({ length }) => length === 0));
  });

  it('let the engine stop with 0 and are not told again by the next one', async () => {
    assert.equal(await engine.stop(), 0);
    const next = await world.startActive();
    const definition = await world.definition(await world.webhook());
    await world.send(40, definition);
    await world.caughtUp();
    const { lost, repeatCount, deliveredCount } = await world.verdict();
    assert.deepEqual(
      { lost, repeatCount, deliveredCount },
      { lost: [], repeatCount: 0, deliveredCount: promiseCount + 40 },
    );
    assert.equal(await next.stop(), 0);
  });
});
