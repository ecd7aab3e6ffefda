import { randomUUID } from 'node:crypto';
import { ZookeeperLeaderLock } from '../../src/adapters/zookeeper/leader-lock.js';
import { ZookeeperOffsetStore } from '../../src/adapters/zookeeper/offset-store.js';
import { ZookeeperPartitionLocks } from '../../src/adapters/zookeeper/partition-locks.js';
import { leaderLockContract } from '../contract/leader-lock.js';
import { offsetStoreContract } from '../contract/offset-store.js';
import { partitionLocksContract } from '../contract/partition-locks.js';
import { testIdentity, ZookeeperBench } from '../support/zookeeper-bench.js';
import { ZookeeperServer } from '../support/zookeeper-server.js';

offsetStoreContract('ZooKeeper', async () => {
  const server = await ZookeeperServer.start();
  const bench = new ZookeeperBench([server.address]);
  const [a, b] = [await bench.session(), await bench.session()];
  const lock = new ZookeeperLeaderLock(a.keeper, testIdentity());
  return {
    store: new ZookeeperOffsetStore(a.keeper, 'a'),
    other: new ZookeeperOffsetStore(b.keeper, 'b'),
    lock: async () => (await lock.acquire(`alarms-${randomUUID()}`, new AbortController().signal)).fence,
    unlock: (fence) => b.session.remove(fence.lockPath),
    close: async () => {
      await bench.close();
      await server.stop();
    },
  };
});

leaderLockContract('ZooKeeper', async () => {
  const server = await ZookeeperServer.start();
  const bench = new ZookeeperBench([server.address]);
  const { session, keeper } = await bench.session();
  return {
    engine: async () => new ZookeeperLeaderLock((await bench.session()).keeper, testIdentity()),
    lineLength: async (topic) => (await session.children(keeper.paths.owners(topic))).length,
    removeNode: (lockPath) => session.remove(lockPath),
    close: async () => {
      await bench.close();
      await server.stop();
    },
  };
});

partitionLocksContract('ZooKeeper', async () => {
  const server = await ZookeeperServer.start();
  const bench = new ZookeeperBench([server.address]);
  const { session } = await bench.session();
  return {
    engine: async () => {
      const { keeper } = await bench.session();
      const identity = testIdentity();
      const locks = new ZookeeperPartitionLocks(keeper, identity, 'alarms');
      return { instance: identity.instance, locks, die: () => keeper.close() };
    },
    removeNode: (lockPath) => session.remove(lockPath),
    close: async () => {
      await bench.close();
      await server.stop();
    },
  };
});
