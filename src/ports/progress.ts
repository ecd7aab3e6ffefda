import type { AlarmPosition, Offset, TopicPartition } from '../domain/position.js';
import type { Parcel, StageName } from './flow.js';

/**
 * One partition at rest. Bit i of `finishedAbove`, lowest first, says that `nextToRead + i` is finished; at most 20,000 bits (retry topics:
 * 500,000).
 */
export interface StoredOffset {
  readonly nextToRead: Offset;
  readonly finishedAbove: Uint8Array;
}

/** `read position − committed offset`: what a take-over may have to look at again. Reading pauses while `used` is `capacity`. */
export interface Window {
  readonly used: number;
  readonly capacity: number;
}

/**
 * Remembers which alarms of the owned partitions are under way, and how far each partition may be committed.
 *
 * Learns of an offset when it is read. `begin` comes with rising offsets inside a partition; gaps are normal. `finish` comes in any
 * order, and twice is harmless. `committable` is the first unfinished offset that was read or, when none is unfinished, the position
 * after the last one read; undefined while the partition is not open. It never skips, whatever the lag and however the engine stops.
 *
 *     open at 5          committable: 5     window 0
 *     begin 7, 8, 12     committable: 7     window 8    (read position 13, committed 5)
 *     finish 8           committable: 7     window 8    (bit 1 of finishedAbove)
 *     finish 7           committable: 12    window 8    (8 was finished before; 9 to 11 were never read)
 *     committed 12       committable: 12    window 1
 *     finish 12          committable: 13    window 1
 *
 * Pure: no network, no timers. Memory grows with the window, which is capped.
 */
export interface OffsetTracker {
  open(partition: TopicPartition, stored: StoredOffset): void;
  /** 'finished' for an offset that `finishedAbove` already covers: do not process it again. */
  begin(position: AlarmPosition): 'begun' | 'finished';
  /** True from `begin` to `finish`. */
  isUnfinished(position: AlarmPosition): boolean;
  /** What is under way below this offset, rising. */
  unfinishedBelow(position: AlarmPosition): readonly Offset[];
  /** 'repeated' for an offset that was finished before, 'unknown' for one that was never begun or whose partition is closed. */
  finish(position: AlarmPosition): 'finished' | 'repeated' | 'unknown';
  committable(partition: TopicPartition): StoredOffset | undefined;
  committed(partition: TopicPartition, nextToRead: Offset): void;
  window(partition: TopicPartition): Window;
  /** The next offset to read, and the committed one. @throws when the partition is not open. */
  progress(partition: TopicPartition): {
    readonly read: Offset;
    readonly committed: Offset;
    readonly unfinished: number;
  };
  /** The head: the first unfinished offset and when it was begun, in monotonic milliseconds. Undefined when nothing is under way. */
  oldestUnfinished(partition: TopicPartition): { readonly offset: Offset; readonly begunAtMonoMs: number } | undefined;
  openPartitions(): readonly TopicPartition[];
  /** Forgets the partition; later finishes of it are ignored. */
  close(partition: TopicPartition): void;
}

/** Proof that a commit is ours to make: the lock node that must still exist in the same `multi`. */
export interface Fence {
  readonly lockPath: string;
  readonly epoch: bigint;
}

export interface OffsetStore {
  /** Undefined when nothing was ever stored. @throws STORE_DAMAGED, naming path and content: never a guess. */
  load(partition: TopicPartition): Promise<StoredOffset | undefined>;
  /**
   * In one `multi` with the check of the lock node, so all or nothing; very many commits in several, each of them so.
   * @throws FENCED, not retriable, when the lock node is gone; STORE_UNAVAILABLE, retriable, when the outcome is not known.
   */
  save(commits: readonly Commit[], fence: Fence): Promise<void>;
}

export interface Commit {
  readonly partition: TopicPartition;
  readonly stored: StoredOffset;
}

/** Copies positions to the Kafka group for lag tools; a failure is a metric and nothing more. */
export interface OffsetMirror {
  mirror(positions: readonly AlarmPosition[]): Promise<void>;
}

export interface WorkerRef {
  readonly stage: StageName;
  readonly index: number;
  readonly generation: number;
}

/** Who holds which parcel. Lives in main; pure. */
export interface Ledger {
  /** `isAlone`: the worker holds nothing else, so that its death convicts the parcel and nothing beside it. */
  handOut(worker: WorkerRef, parcel: Parcel, isAlone: boolean): void;
  /** The parcel that was held. @throws PROTOCOL_VIOLATED when the worker does not hold the item. */
  settle(worker: WorkerRef, position: AlarmPosition): Parcel;
  heldBy(worker: WorkerRef): number;
  readonly heldCount: number;
  /** The worker has shown life since it was handed a parcel alone: it may be given more, and its death no longer convicts that parcel. */
  acquit(worker: WorkerRef): void;
  /**
   * A worker is dead: what it held, in the order handed out, nothing else. A parcel goes under `quarantine` when it was alone in the hands of
   * the dead worker and another had died with it before, or when five workers have died with it.
   */
  bury(worker: WorkerRef): { readonly again: readonly Parcel[]; readonly quarantine: readonly Parcel[] };
  /** True for a parcel that a dead worker held: it goes out alone. */
  isSuspect(position: AlarmPosition): boolean;
  /** Everything is void: the term ended. */
  clear(): void;
}
