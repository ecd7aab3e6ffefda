import type { TopicPartition } from '../domain/position.js';
import type { Fence } from './progress.js';

/**
 * The time for which main trusts its locks. Its end moves on with every answered request; look before each send and each commit.
 * `ended` aborts when that time comes, without waiting for any event of the client. Then a new session begins; nothing revives.
 */
export interface Lease {
  /** Monotonic milliseconds. */
  endsAtMonoMs(): number;
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

/** `zookeeper.lock: partition`. Says what to take up and what to hand over; the engine drains, commits, then releases. */
export interface PartitionLocks {
  changes(topic: string, signal: AbortSignal): AsyncIterable<OwnershipChange>;
}

export type OwnershipChange = Readonly<
  { partition: TopicPartition } & ({ kind: 'gained'; lock: HeldLock } | { kind: 'wanted_elsewhere' | 'lost' })
>;

/** The lease as a sender sees it. */
export interface LeaseView {
  valid(): boolean;
  /** Resolves when there is a lease, or when `signal` aborts. */
  whenValid(signal: AbortSignal): Promise<void>;
  /** Aborts when the present lease ends; another one after that. */
  readonly signal: AbortSignal;
}
