import { leaderLockContract } from '../../contract/leader-lock.js';
import { offsetStoreContract } from '../../contract/offset-store.js';
import { partitionLocksContract } from '../../contract/partition-locks.js';
import { FakeLeaderLock, FakeLockDirectory } from '../../support/fakes/fake-leader-lock.js';
import { FakeOffsetStore } from '../../support/fakes/fake-offset-store.js';
import { FakePartitionLocks, FakeShareDirectory } from '../../support/fakes/fake-partition-locks.js';

offsetStoreContract('fake', async () => {
  const locks = new FakeLockDirectory();
  const store = new FakeOffsetStore(locks);
  return {
    store,
    other: store,
    lock: async () => {
      const { lockPath, epoch } = locks.join('alarms');
      return { lockPath, epoch };
    },
    unlock: async (fence) => locks.remove(fence.lockPath),
    close: async () => undefined,
  };
});

leaderLockContract('fake', async () => {
  const locks = new FakeLockDirectory();
  return {
    engine: async () => new FakeLeaderLock(locks),
    lineLength: async (topic) => locks.lengthOf(topic),
    removeNode: async (lockPath) => locks.remove(lockPath),
    close: async () => undefined,
  };
});

partitionLocksContract('fake', async () => {
  const directory = new FakeShareDirectory();
  let count = 0;
  return {
    engine: async () => {
      count += 1;
      const instance = `engine-${count}`;
      const locks = new FakePartitionLocks(directory, instance);
      return { instance, locks, die: async () => directory.expire(instance) };
    },
    removeNode: async (lockPath) => directory.remove(lockPath),
    close: async () => undefined,
  };
});
