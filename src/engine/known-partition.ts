import type { Offset, TopicPartition } from '../domain/position.js';
import type { HeldLock } from '../ports/ownership.js';
import type { StoredOffset } from '../ports/progress.js';
import { finishedBits, setBits } from '../tracker/finished-set.js';
import { plainOffset } from './carry.js';

/** What a term knows of one of its partitions. */
export interface KnownPartition {
  readonly partition: TopicPartition;
  /** Under which it is owned, and commits are fenced. */
  readonly lock: HeldLock;
  state: 'loading' | 'asked' | 'open' | 'halted';
  /** Nothing of it is begun: it is drained for another engine. */
  isPaused: boolean;
  stored: StoredOffset | undefined;
  saved: StoredOffset | undefined;
  /** What a commit under way, or one whose answer was lost, may have stored. */
  attempted: StoredOffset | undefined;
  /** Offsets of held positions that are in the flow. */
  readonly released: Set<Offset>;
}

export function newlyKnown(partition: TopicPartition, lock: HeldLock): KnownPartition {
  const nothing = { stored: undefined, saved: undefined, attempted: undefined };
  return { partition, lock, state: 'loading', isPaused: false, ...nothing, released: new Set() };
}

/**
 * From where the window is counted: what was carried over is not stored yet. Where nothing at all is stored, reading on waits for the first
 * commit. Undefined: from the begin of the log, which is where reading begins.
 */
export function windowStart({ saved, stored }: KnownPartition): Offset | undefined {
  return saved?.nextToRead ?? (stored === undefined ? undefined : 0n);
}

/** What was stored as far as it speaks of `nextToRead` and above: what retention took in front of it is not known to be finished or not. */
export function startingAt(nextToRead: Offset, stored: StoredOffset | undefined): StoredOffset {
  if (stored === undefined || nextToRead < stored.nextToRead) return plainOffset(nextToRead);
  const { finishedAbove } = stored;
  const skippedCount = Number(nextToRead - stored.nextToRead);
  return { nextToRead, finishedAbove: finishedBits(setBits(finishedAbove), skippedCount, finishedAbove.length * 8) };
}
