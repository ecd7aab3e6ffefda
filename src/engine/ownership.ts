import { InstanceNode } from '../adapters/zookeeper/instance-node.js';
import { ZookeeperLeaderLock } from '../adapters/zookeeper/leader-lock.js';
import type { Identity } from '../adapters/zookeeper/lock-node.js';
import { ZookeeperPartitionLocks } from '../adapters/zookeeper/partition-locks.js';
import type { SessionKeeper } from '../adapters/zookeeper/session-keeper.js';
import { ShareKeeper } from '../ownership/share-keeper.js';
import type { PartitionLine } from '../ports/ownership.js';
import type { Fence } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { CommitLoop } from '../tracker/commit-loop.js';
import type { Flow } from './flow.js';
import { Leadership } from './leadership.js';

/** How this engine comes to what it works on, and gives it back. */
export interface Ownership {
  /** Resolves when `stop` aborts; what is owned then stays so until `release`. */
  run(stop: AbortSignal): Promise<void>;
  /** Makes this engine's name known, for people or for the others. */
  announce(signal: AbortSignal): Promise<void>;
  /** Kafka has other partitions than before. */
  partitionsChanged(): void;
  fenced(fence: Fence): void;
  /** The engine stops: gives back what is drained, as soon as it is. Ends when all is, or when `signal` aborts. */
  leave(signal: AbortSignal): Promise<void>;
  /** Ends the term and gives back what is left. */
  release(): Promise<void>;
  /** Who owns which partition, as last seen; none where one engine owns all. */
  lines(): readonly PartitionLine[];
}

export interface OwnershipParts {
  readonly mode: 'topic' | 'partition';
  readonly alarmTopic: string;
  /** The topics that go with it. */
  readonly otherTopics: readonly string[];
  readonly keeper: SessionKeeper;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly flow: Flow;
  readonly commits: () => CommitLoop;
}

/** The ownership that `zookeeper.lock` asks for. */
export function ownershipOf(parts: OwnershipParts): Ownership {
  return parts.mode === 'topic' ? ofTopic(parts) : ofPartitions(parts);
}

function ofTopic({ alarmTopic, otherTopics, keeper, identity, flow }: OwnershipParts): Ownership {
  const leadership = new Leadership({
    topic: alarmTopic,
    lock: new ZookeeperLeaderLock(keeper, identity, otherTopics),
    session: (signal) => keeper.current(signal),
    begin: (lock, lease) => flow.beginTerm(lease, lock),
    end: (reason) => flow.endTerm(reason),
  });
  const node = new InstanceNode(keeper, identity);
  return {
    run: (stop) => leadership.run(stop),
    announce: (signal) => node.keep(signal),
    partitionsChanged: () => undefined,
    fenced: () => leadership.fenced(),
    leave: () => Promise.resolve(),
    release: () => leadership.release(),
    lines: () => [],
  };
}

function ofPartitions(parts: OwnershipParts): Ownership {
  const { alarmTopic, otherTopics, keeper, identity, clock, telemetry, flow, commits } = parts;
  const topics = [alarmTopic, ...otherTopics];
  const share = new ShareKeeper({
    instance: identity.instance,
    topics,
    locks: new ZookeeperPartitionLocks(keeper, identity, alarmTopic),
    clock,
    telemetry,
    session: (signal) => keeper.current(signal),
    partitions: () =>
      topics.flatMap((topic) => (flow.partitionsOf(topic) ?? []).map((partition) => ({ topic, partition }))),
    begin: (lease) => flow.beginTerm(lease),
    end: (reason) => flow.endTerm(reason),
    work: {
      take: (partition, lock) => flow.term?.take(partition, lock),
      pause: (partition) => flow.term?.pause(partition),
      goOn: (partition) => flow.term?.goOn(partition),
      inFlowCount: (partition) => flow.inFlowCount(partition),
      flush: (partition, signal) => commits().flush(signal, [partition]),
      leave: (partition) => flow.term?.leave(partition),
    },
  });
  return {
    run: (stop) => share.run(stop),
    // Done when it is ready for its part, by itself.
    announce: () => Promise.resolve(),
    partitionsChanged: () => share.changed(),
    fenced: (fence) => share.fenced(fence),
    leave: (signal) => share.leave(signal),
    release: () => share.release(),
    lines: () => share.lines,
  };
}
