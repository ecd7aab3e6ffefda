import { inLockOrder, isPartitionName, type Paths } from './paths.js';
import type { ZookeeperSession } from './session.js';

/** The lock node of an engine of 2014: the two do not see each other's locks. Undefined while there is none. */
async function ancestorLock(session: ZookeeperSession, paths: Paths, topic: string): Promise<string | undefined> {
  for (const path of paths.ancestorLocks(topic)) if ((await session.exists(path)) !== undefined) return path;
  return undefined;
}

/**
 * A lock node that keeps an engine with `zookeeper.lock: topic` from working: of the other mode, on any of the topics that it reads, or of
 * 2014. Undefined while there is none.
 */
export async function blockerOfTopicLock(
  session: ZookeeperSession,
  paths: Paths,
  alarmTopic: string,
  topics: readonly string[],
): Promise<string | undefined> {
  const ancestor = await ancestorLock(session, paths, alarmTopic);
  if (ancestor !== undefined) return ancestor;
  for (const topic of topics) {
    for (const name of await session.children(paths.owners(topic))) {
      if (!isPartitionName(name)) continue;
      const directory = paths.ownersOf({ topic, partition: Number(name) });
      const [lock] = inLockOrder(await session.children(directory));
      if (lock !== undefined) return `${directory}/${lock}`;
    }
  }
  return undefined;
}

/** The same for an engine with `zookeeper.lock: partition`: the head of the line for the topic lock, or a lock of 2014. */
export async function blockerOfPartitionLock(
  session: ZookeeperSession,
  paths: Paths,
  alarmTopic: string,
): Promise<string | undefined> {
  const directory = paths.owners(alarmTopic);
  const [lock] = inLockOrder(await session.children(directory));
  return lock === undefined ? await ancestorLock(session, paths, alarmTopic) : `${directory}/${lock}`;
}
