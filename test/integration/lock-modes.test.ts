import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ZookeeperLeaderLock } from '../../src/adapters/zookeeper/leader-lock.js';
import { ZookeeperPartitionLocks } from '../../src/adapters/zookeeper/partition-locks.js';
import type { SessionKeeper } from '../../src/adapters/zookeeper/session-keeper.js';
import { ConfigurationError } from '../../src/domain/errors.js';
import { Secret } from '../../src/domain/secret.js';
import type { HeldLock } from '../../src/ports/ownership.js';
import { waitFor } from '../support/wait-for.js';
import { testIdentity, ZookeeperBench } from '../support/zookeeper-bench.js';
import { ZookeeperServer } from '../support/zookeeper-server.js';

const forever = new AbortController().signal;

describe('the lock of a topic and the locks of its partitions', () => {
  let server: ZookeeperServer;
  let bench: ZookeeperBench;
  before(async () => {
    server = await ZookeeperServer.start();
    bench = new ZookeeperBench([server.address]);
  });
  after(async () => {
    await bench.close();
    await server.stop();
  });

  const topics = () => {
    const alarms = `alarms-${randomUUID()}`;
    return { alarms, retries: `${alarms}-retries` };
  };
  const leader = async ({ alarms, retries }: ReturnType<typeof topics>) => {
    const { keeper, session, telemetry } = await bench.session();
    return { lock: new ZookeeperLeaderLock(keeper, testIdentity(), [retries]), session, telemetry, alarms };
  };
  const sharer = async ({ alarms }: ReturnType<typeof topics>) => {
    const { keeper, session, telemetry } = await bench.session();
    return { locks: new ZookeeperPartitionLocks(keeper, testIdentity(), alarms), keeper, session, telemetry };
  };

  test('a topic lock waits for the last partition lock, of the other topics too', async () => {
    const names = topics();
    const [a, b] = [await sharer(names), await leader(names)];
    const first = await a.locks.acquire({ topic: names.alarms, partition: 3 }, forever);
    const second = await a.locks.acquire({ topic: names.retries, partition: 0 }, forever);
    let isHeld = false;
    const waiting = b.lock.acquire(names.alarms, forever).then((lock) => {
      isHeld = true;
      return lock;
    });
    await waitFor(() => b.telemetry.named('lock_blocked').length === 1, 'word of the first');
    await first.release();
    await waitFor(() => b.telemetry.named('lock_blocked').length === 2, 'word of the second');
    assert.equal(b.telemetry.named('lock_blocked')[1]?.path, second.fence.lockPath);
    assert.equal(isHeld, false);
    await second.release();
    await (await waiting).release();
  });

  test('partition locks wait for a topic lock, and stand in no line meanwhile', async () => {
    const names = topics();
    const [a, b] = [await leader(names), await sharer(names)];
    const held = await a.lock.acquire(names.alarms, forever);
    const partitions = [0, 1].map((partition) => ({ topic: names.alarms, partition }));
    const waiting = partitions.map((partition) => b.locks.acquire(partition, forever));
    await waitFor(() => b.telemetry.named('lock_blocked').length > 0, 'word of the topic lock');
    assert.equal(b.telemetry.named('lock_blocked')[0]?.path, held.fence.lockPath);
    for (const at of partitions) assert.deepEqual(await b.session.children(b.keeper.paths.ownersOf(at)), []);
    await held.release();
    for (const lock of await Promise.all(waiting)) await lock.release();
  });

  test('a wait for the other mode can be given up', async () => {
    const names = topics();
    const [a, b] = [await leader(names), await sharer(names)];
    const held = await a.lock.acquire(names.alarms, forever);
    const impatient = new AbortController();
    const gaveUp = b.locks.acquire({ topic: names.alarms, partition: 0 }, impatient.signal);
    await waitFor(() => b.telemetry.named('lock_blocked').length > 0, 'word of the topic lock');
    impatient.abort();
    await assert.rejects(gaveUp, { code: 'ABORTED' });
    await held.release();
  });

  test('partition locks wait while a 2014 engine holds its own lock', async () => {
    const names = topics();
    const [a, b] = [await sharer(names), await bench.session()];
    const path = `/locks/mon-notification/${names.alarms}`;
    await b.session.create(path, '', 'ephemeral');
    const waiting = a.locks.acquire({ topic: names.alarms, partition: 0 }, forever);
    await waitFor(() => a.telemetry.named('lock_blocked')[0]?.path === path, 'word of the 2014 engine');
    await b.session.remove(path);
    await (await waiting).release();
  });

  test('a topic lock that came in between gives way to engines that share already', async () => {
    const names = topics();
    const [a, b] = [await sharer(names), await leader(names)];
    const shared = await a.locks.acquire({ topic: names.alarms, partition: 0 }, forever);
    const directory = a.keeper.paths.owners(names.alarms);
    const impatient = new AbortController();
    // In the line before it can see the partition lock: what a look at the wrong moment would do.
    const path = await b.session.create(`${directory}/some-guid-lock-`, '', 'ephemeralSequential');
    const next = a.locks.acquire({ topic: names.alarms, partition: 1 }, forever);
    const waiting = b.lock.acquire(names.alarms, impatient.signal);
    waiting.catch(() => undefined);
    await waitFor(() => a.telemetry.named('lock_blocked').length > 0, 'the next partition to wait');
    await b.session.remove(path);
    const second = await next;
    impatient.abort();
    for (const lock of [shared, second]) await lock.release();
  });

  test('are never held together, however often both come at once', async () => {
    const names = topics();
    const leaders = [await leader(names), await leader(names)];
    const sharers = [await sharer(names), await sharer(names)];
    const held = new Map<string, 'topic' | 'partition'>();
    const hold = async (mode: 'topic' | 'partition', acquire: () => Promise<HeldLock>) => {
      const lock = await acquire();
      held.set(lock.fence.lockPath, mode);
      assert.equal(new Set(held.values()).size, 1, [...held].join(' '));
      if (mode === 'topic') assert.equal(held.size, 1);
      await new Promise((resolve) => setImmediate(resolve));
      held.delete(lock.fence.lockPath);
      await lock.release();
    };
    let takenCount = 0;
    const rounds = async (mode: 'topic' | 'partition', acquire: () => Promise<HeldLock>) => {
      for (let round = 0; round < 8; round += 1) {
        await hold(mode, acquire);
        takenCount += 1;
      }
    };
    await Promise.all([
      ...leaders.map(({ lock }) => rounds('topic', () => lock.acquire(names.alarms, forever))),
      ...sharers.flatMap(({ locks }) =>
        [0, 1, 2].map((partition) =>
          rounds('partition', () => locks.acquire({ topic: names.alarms, partition }, forever)),
        ),
      ),
    ]);
    assert.equal(takenCount, 64);
  });

  test('of two engines of one name that come at once one has the lock, a hundred times over (P16)', async () => {
    const identity = testIdentity();
    const sessions = [await bench.session(), await bench.session()];
    const locks = sessions.map(({ keeper }) => new ZookeeperLeaderLock(keeper, identity));
    const { alarms } = topics();
    for (let round = 1; round <= 100; round += 1) {
      const holders: HeldLock[] = [];
      const waiting = locks.map(async (lock) => holders.push(await lock.acquire(alarms, forever)));
      await waitFor(
        async () => holders.length > 0 && (await lineOf(sessions, alarms)).length === 2,
        'both in the line',
      );
      assert.equal(holders.length, 1, `round ${round}`);
      await holders[0]?.release();
      await Promise.all(waiting);
      await holders[1]?.release();
      assert.ok((holders[0]?.fence.epoch ?? 0n) < (holders[1]?.fence.epoch ?? 0n));
    }
  });

  test('what a stranger owns names the path and the right that is missing', async () => {
    const secured = new ZookeeperBench([server.address]);
    const own = await secured.session({ auth: new Secret('engine:swordfish-canary') });
    const names = topics();
    const at = { topic: names.alarms, partition: 0 };
    const lock = await new ZookeeperPartitionLocks(own.keeper, testIdentity(), names.alarms).acquire(at, forever);
    const stranger = await secured.session();
    const locks = new ZookeeperPartitionLocks(stranger.keeper, testIdentity(), names.alarms);
    const lacksRight = (error: unknown) => {
      assert.ok(error instanceof ConfigurationError);
      assert.equal(error.code, 'RIGHT_MISSING');
      assert.match(error.message, /\/consumers\/test-/);
      return true;
    };
    await assert.rejects(locks.acquire(at, forever), lacksRight);
    await assert.rejects(
      locks.look([at], () => undefined),
      lacksRight,
    );
    await assert.rejects(locks.join([names.alarms]), lacksRight);
    await lock.release();
    await secured.close();
  });
});

async function lineOf(
  [first]: readonly { readonly keeper: SessionKeeper }[],
  topic: string,
): Promise<readonly string[]> {
  return (await first?.keeper.now().children(first.keeper.paths.owners(topic))) ?? [];
}
