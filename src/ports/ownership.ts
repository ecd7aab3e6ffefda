import type { TopicPartition } from '../domain/position.js';
import type { Fence } from './progress.js';

/**
 * The time for which main trusts its locks. Its end moves on with every answered request; look before each send and each commit.
 * `ended` aborts when that time comes, without waiting for any event of the client. Then a new session begins; nothing revives.
 */
export interface Lease {
  /** Monotonic milliseconds. */
  endsAtMonoMs(): number;
  /** The same moment by the wall clock, as it stood to the monotonic one when that request was sent. */
  endsAtMs(): number;
  readonly ended: AbortSignal;
}

/** `lost` aborts when the node is known to be gone, usually later than the lease; `release` deletes it by its own path. */
export interface HeldLock {
  readonly fence: Fence;
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** `zookeeper.lock: topic`. Waits behind its predecessor, for as long as it takes. @throws ABORTED when `signal` aborts first. */
export interface LeaderLock {
  acquire(topic: string, signal: AbortSignal): Promise<HeldLock>;
}

/** An engine that takes part in the sharing of these topics, by the name of its instance. */
export interface Sharer {
  readonly instance: string;
  readonly topics: readonly string[];
}

/** Who has the lock of one partition, undefined while nobody has, and how many stand in line behind. */
export interface PartitionLine {
  readonly partition: TopicPartition;
  readonly owner: string | undefined;
  readonly waitingCount: number;
}

/**
 * `zookeeper.lock: partition`. Tells how things stand and gives single locks; who is to have what is decided by who asks.
 *
 * `join` makes this engine a sharer for as long as its session lasts, `leave` ends that; both may be repeated. `look` calls `onChange` when
 * engines have come or gone since. These three do not wait for ZooKeeper: @throws STORE_UNAVAILABLE, retriable. `acquire` waits in the line
 * of one partition, for as long as it takes, and leaves the line when `signal` aborts. @throws ABORTED.
 */
export interface PartitionLocks {
  join(topics: readonly string[]): Promise<void>;
  leave(): Promise<void>;
  look(partitions: readonly TopicPartition[], onChange: () => void): Promise<Sharing>;
  acquire(partition: TopicPartition, signal: AbortSignal): Promise<HeldLock>;
}

/** How things stand; a line for each partition that was asked for. */
export interface Sharing {
  readonly sharers: readonly Sharer[];
  readonly lines: readonly PartitionLine[];
}

/** The lease as a sender sees it. */
export interface LeaseView {
  valid(): boolean;
  /** Resolves when there is a lease, or when `signal` aborts. */
  whenValid(signal: AbortSignal): Promise<void>;
  /** Aborts when the present lease ends; another one after that. */
  readonly signal: AbortSignal;
}
