import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { newClient } from '../../src/adapters/zookeeper/client-library.js';
import { ZookeeperLeaderLock } from '../../src/adapters/zookeeper/leader-lock.js';
import { ZookeeperOffsetStore } from '../../src/adapters/zookeeper/offset-store.js';
import { ZookeeperPartitionLocks } from '../../src/adapters/zookeeper/partition-locks.js';
import type { SessionKeeper } from '../../src/adapters/zookeeper/session-keeper.js';
import { ConfigurationError } from '../../src/domain/errors.js';
import type { TopicPartition } from '../../src/domain/position.js';
import { Secret } from '../../src/domain/secret.js';
import type { HeldLock } from '../../src/ports/ownership.js';
import { waitFor } from '../support/wait-for.js';
import { testIdentity, ZookeeperBench } from '../support/zookeeper-bench.js';
import { ZookeeperServer } from '../support/zookeeper-server.js';

const forever = new AbortController().signal;

describe('ZooKeeper nodes', () => {
  let server: ZookeeperServer;
  let bench: ZookeeperBench;

  before(async () => {
    server = await ZookeeperServer.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    bench = new ZookeeperBench([server.address]);
  });
  afterEach(() => bench.close());

  const topicOf = () => `alarms-${randomUUID()}`;
  const stored = (nextToRead: bigint) => ({ nextToRead, finishedAbove: new Uint8Array() });
  const isDamage = (path: string, shown: string) => (error: unknown) => {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.code, 'STORE_DAMAGED');
    assert.ok(error.message.includes(path) && error.message.includes(shown), error.message);
    return true;
  };

  test('the position stands alone on the first line, as zkCli shows it', async () => {
    const { keeper, session } = await bench.session();
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    const partition = { topic: topicOf(), partition: 2 };
    const commit = { partition, stored: { nextToRead: 812n, finishedAbove: new Uint8Array([0b110]) } };
    await new ZookeeperOffsetStore(keeper, 'engine-1').save([commit], lock.fence);
    const text = (await session.read(keeper.paths.offset(partition)))?.toString() ?? '';
    const [first, second, third] = text.split('\n');
    assert.equal(first, '812');
    assert.match(second ?? '', /^mn1:/);
    assert.match(third ?? '', new RegExp(`^epoch ${lock.fence.epoch} owner engine-1 time 20`));
  });

  for (const content of [
    'abc',
    '-1',
    '',
    '9223372036854775808',
    '12x\n',
    '41\nmn1:b!!!',
    '41\nmn9:bAA==',
    'z'.repeat(200),
  ]) {
    test(`an offset node with ${JSON.stringify(content.slice(0, 30))} is damage, named by path and content`, async () => {
      const { keeper, session } = await bench.session();
      const partition = { topic: topicOf(), partition: 0 };
      const path = keeper.paths.offset(partition);
      await session.create(path, content, 'persistent');
      const shown = JSON.stringify(content).slice(0, 30).replace(/"$/, '');
      await assert.rejects(new ZookeeperOffsetStore(keeper, 'a').load(partition), isDamage(path, shown));
    });
  }

  test('a position that somebody set by hand is a complete node', async () => {
    const { keeper, session } = await bench.session();
    const partition = { topic: topicOf(), partition: 0 };
    await session.create(keeper.paths.offset(partition), '17', 'persistent');
    assert.deepEqual(await new ZookeeperOffsetStore(keeper, 'a').load(partition), stored(17n));
  });

  for (const ancestor of ['mon-notification', 'monasca-notification']) {
    test(`the last finished offset of ${ancestor} is taken up one further, until there is a node of ours`, async () => {
      const { keeper, session, telemetry } = await bench.session();
      const store = new ZookeeperOffsetStore(keeper, 'a');
      const partition = { topic: topicOf(), partition: 1 };
      await session.create(`/consumers/${ancestor}/${partition.topic}/1`, '41', 'persistent');
      assert.deepEqual(await store.load(partition), stored(42n));
      assert.equal(telemetry.named('offset_imported')[0]?.offset, '42');
      const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
      await store.save([{ partition, stored: stored(50n) }], lock.fence);
      assert.deepEqual(await store.load(partition), stored(50n));
    });
  }

  test('a damaged node of a 2014 engine is damage too', async () => {
    const { keeper, session } = await bench.session();
    const partition = { topic: topicOf(), partition: 1 };
    const path = `/consumers/mon-notification/${partition.topic}/1`;
    await session.create(path, 'None', 'persistent');
    await assert.rejects(new ZookeeperOffsetStore(keeper, 'a').load(partition), isDamage(path, 'None'));
  });

  test('listing shows every partition in order and creates nothing', async () => {
    const { keeper, session } = await bench.session();
    const store = new ZookeeperOffsetStore(keeper, 'a');
    assert.deepEqual(await store.list(), { commits: [], damaged: [] });
    assert.equal(await session.exists(keeper.paths.root), undefined);
    const topic = topicOf();
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topic, forever);
    const commits = [10, 2, 0].map((partition) => ({
      partition: { topic, partition },
      stored: stored(BigInt(partition)),
    }));
    await store.save(commits, lock.fence);
    assert.deepEqual(
      (await store.list()).commits.map((commit) => commit.partition.partition),
      [0, 2, 10],
    );
  });

  test('an offset node that a stranger removes is made again (Z7)', async () => {
    const { keeper, session } = await bench.session();
    const store = new ZookeeperOffsetStore(keeper, 'a');
    const partition = { topic: topicOf(), partition: 0 };
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    await store.save([{ partition, stored: stored(1n) }], lock.fence);
    await session.remove(keeper.paths.offset(partition));
    await assert.rejects(store.save([{ partition, stored: stored(2n) }], lock.fence), { code: 'STORE_UNAVAILABLE' });
    await store.save([{ partition, stored: stored(2n) }], lock.fence);
    assert.deepEqual(await store.load(partition), stored(2n));
  });

  test('an offset node that a stranger edits under a running engine is written over by its next commit (Z7)', async () => {
    const { keeper, session } = await bench.session();
    const store = new ZookeeperOffsetStore(keeper, 'a');
    const partition = { topic: topicOf(), partition: 0 };
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    await store.save([{ partition, stored: stored(1n) }], lock.fence);
    await session.multi([{ kind: 'set', path: keeper.paths.offset(partition), data: 'abc' }]);
    await assert.rejects(store.load(partition), { code: 'STORE_DAMAGED' });
    await store.save([{ partition, stored: stored(2n) }], lock.fence);
    assert.deepEqual(await store.load(partition), stored(2n));
  });

  test('a chroot that is missing is created', async () => {
    const chroot = `/test-${randomUUID()}/deeper`;
    const { keeper, session } = await bench.session({ chroot });
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    assert.ok(lock.fence.lockPath.startsWith(`${chroot}/consumers/`));
    assert.notEqual(await session.exists(chroot), undefined);
  });

  test('with credentials our nodes refuse strangers, whose lock and offsets say which right is missing', async () => {
    const auth = new Secret('engine:swordfish-canary');
    const own = await bench.session({ auth });
    const topic = topicOf();
    const lock = await new ZookeeperLeaderLock(own.keeper, testIdentity()).acquire(topic, forever);
    const commit = { partition: { topic, partition: 0 }, stored: stored(5n) };
    await new ZookeeperOffsetStore(own.keeper, 'a').save([commit], lock.fence);
    for (const stranger of [await bench.session(), await bench.session({ auth: new Secret('other:guess') })]) {
      const store = new ZookeeperOffsetStore(stranger.keeper, 'b');
      const path = own.keeper.paths.offset(commit.partition);
      const lacksRight = (where: string) => (error: unknown) => {
        assert.ok(error instanceof ConfigurationError);
        assert.equal(error.code, 'RIGHT_MISSING');
        assert.ok(error.message.includes(where), error.message);
        assert.doesNotMatch(JSON.stringify([error.message, error.stack]), /swordfish|guess/);
        return true;
      };
      await assert.rejects(store.load(commit.partition), lacksRight(path));
      await assert.rejects(store.save([commit], lock.fence), lacksRight(path));
      const stranded = new ZookeeperLeaderLock(stranger.keeper, testIdentity()).acquire(topic, forever);
      await assert.rejects(stranded, lacksRight(own.keeper.paths.owners(topic)));
    }
    const second = await bench.session({ auth });
    assert.deepEqual(await new ZookeeperOffsetStore(second.keeper, 'c').load(commit.partition), stored(5n));
  });

  test('waits while a 2014 engine holds its own lock, and says so once', async () => {
    const { keeper, session, telemetry } = await bench.session();
    const ancestor = await bench.session();
    const topic = topicOf();
    await ancestor.session.create(`/locks/monasca-notification/${topic}`, '', 'ephemeral');
    const waiting = new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topic, forever);
    await waitFor(() => telemetry.named('lock_blocked').length === 1, 'word of the 2014 engine');
    assert.deepEqual(await session.children(keeper.paths.owners(topic)), []);
    await ancestor.keeper.close();
    await (await waiting).release();
    assert.equal(telemetry.named('lock_blocked').length, 1);
  });

  test('waits while a partition lock of the topic is held', async () => {
    const { keeper, telemetry } = await bench.session();
    const other = await bench.session();
    const topic = topicOf();
    const directory = keeper.paths.ownersOf({ topic, partition: 11 });
    const path = await other.session.create(`${directory}/some-guid-lock-`, '', 'ephemeralSequential');
    const waiting = new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topic, forever);
    await waitFor(() => telemetry.named('lock_blocked')[0]?.path === path, 'word of the partition lock');
    await other.session.remove(path);
    await (await waiting).release();
  });

  test('tells who waits the name of the holder', async () => {
    const { keeper } = await bench.session();
    const topic = topicOf();
    const identity = testIdentity();
    const lock = await new ZookeeperLeaderLock(keeper, identity).acquire(topic, forever);
    const second = await bench.session();
    const waiting = new ZookeeperLeaderLock(second.keeper, testIdentity()).acquire(topic, forever);
    await waitFor(() => second.telemetry.named('lock_waiting').length === 1, 'word of the holder');
    assert.deepEqual(JSON.parse(String(second.telemetry.named('lock_waiting')[0]?.holder)), identity);
    await lock.release();
    await (await waiting).release();
  });

  for (const kind of ['a place in the line', 'a lock']) {
    test(`${kind} that could not be given back while the connection was away is given back soon after`, async () => {
      const other = await bench.session();
      const partition = { topic: topicOf(), partition: 3 };
      const directory = other.keeper.paths.ownersOf(partition);
      const before = kind === 'a lock' ? undefined : await lockOf(other.keeper, partition);
      let lostCount = 0;
      const { keeper } = await bench.session({
        newClient: (...given) => {
          const client = newClient(...given);
          const remove = client.remove.bind(client);
          client.remove = (path, version, done) => {
            if (lostCount === 0) return remove(path, version, done);
            lostCount -= 1;
            done(Object.assign(new Error('CONNECTION_LOSS'), { code: -4 }), undefined);
          };
          return client;
        },
      });
      const locks = new ZookeeperPartitionLocks(keeper, testIdentity(), partition.topic);
      const withdraw = new AbortController();
      const waiting = locks.acquire(partition, withdraw.signal);
      const countIs = async (count: number) => (await other.session.children(directory)).length === count;
      await waitFor(() => countIs(before === undefined ? 1 : 2), 'our node');
      lostCount = before === undefined ? 3 : 1;
      if (before === undefined) await (await waiting).release();
      else {
        withdraw.abort();
        await assert.rejects(waiting, { code: 'ABORTED' });
      }
      assert.equal(lostCount, 0);
      assert.ok(await countIs(before === undefined ? 1 : 2), 'nothing of it has reached the server');

      await locks.look([partition], () => undefined);
      await before?.release();
      assert.deepEqual(await other.session.children(directory), []);
      await (await locks.acquire(partition, forever)).release();
    });
  }

  for (const mode of ['topic', 'partition']) {
    test(`a create that is carried out after its lock was given back leaves no place in the line (lock: ${mode})`, async () => {
      const other = await bench.session();
      const partition = { topic: topicOf(), partition: 3 };
      let carryOut: (() => Promise<void>) | undefined;
      const { keeper } = await bench.session({
        newClient: (...given) => {
          const client = newClient(...given);
          const create = client.create.bind(client);
          client.create = (path, data, acl, createMode, done) => {
            if (carryOut !== undefined || !path.endsWith('-lock-')) return create(path, data, acl, createMode, done);
            carryOut = () => new Promise((resolve) => create(path, data, acl, createMode, () => resolve()));
            done(Object.assign(new Error('CONNECTION_LOSS'), { code: -4 }), '');
          };
          return client;
        },
      });
      const { paths } = keeper;
      const directory = mode === 'topic' ? paths.owners(partition.topic) : paths.ownersOf(partition);
      const leaderLock = new ZookeeperLeaderLock(keeper, testIdentity());
      const locks = new ZookeeperPartitionLocks(keeper, testIdentity(), partition.topic);
      const acquire = () =>
        mode === 'topic' ? leaderLock.acquire(partition.topic, forever) : locks.acquire(partition, forever);
      await (await acquire()).release();
      await carryOut?.();
      assert.equal((await other.session.children(directory)).length, 1);

      if (mode === 'partition') await locks.look([partition], () => undefined);
      await (await acquire()).release();
      assert.deepEqual(await other.session.children(directory), []);
    });
  }
});

async function lockOf(keeper: SessionKeeper, partition: TopicPartition): Promise<HeldLock> {
  return await new ZookeeperPartitionLocks(keeper, testIdentity(), partition.topic).acquire(partition, forever);
}
