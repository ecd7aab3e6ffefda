import { type Offset, partitionText, type TopicPartition } from '../domain/position.js';
import type { StoredOffset } from '../ports/progress.js';
import { finishedBits, setBits, spanLimits } from '../tracker/finished-set.js';

/**
 * What this engine knew of its partitions when a term ended, for the case that the next term is its own again.
 *
 * A lost lease often ends with the same engine back in charge. The last commit is up to a second old by then; what was finished since would
 * be told again. Finished stays finished whoever holds the lock, so it may be carried over, but only onto the very position that we wrote:
 * anything else means that another engine or an operator has decided since.
 */
export class Carry {
  readonly #known = new Map<string, { readonly saved: StoredOffset; readonly reached: StoredOffset }>();

  keep(partition: TopicPartition, saved: StoredOffset, reached: StoredOffset): void {
    this.#known.set(partitionText(partition), { saved, reached });
  }

  /** What to go on from, given what is stored now. */
  onto(partition: TopicPartition, stored: StoredOffset | undefined): StoredOffset | undefined {
    const known = this.#known.get(partitionText(partition));
    this.#known.delete(partitionText(partition));
    return known !== undefined && stored !== undefined && isSame(known.saved, stored) ? known.reached : stored;
  }
}

function isSame(a: StoredOffset, b: StoredOffset): boolean {
  return a.nextToRead === b.nextToRead && Buffer.compare(a.finishedAbove, b.finishedAbove) === 0;
}

/** The stored progress as seen from `nextToRead`, where reading really begins: behind a hole, or where nothing was stored. */
export function offsetFrom(stored: StoredOffset | undefined, nextToRead: Offset): StoredOffset {
  if (stored === undefined || stored.nextToRead > nextToRead) return plainOffset(nextToRead);
  const distance = Number(nextToRead - stored.nextToRead);
  const finishedAbove = finishedBits(setBits(stored.finishedAbove), distance, spanLimits.retries);
  return { nextToRead, finishedAbove };
}

/** A partition without anything finished above its position. */
export function plainOffset(nextToRead: Offset): StoredOffset {
  return { nextToRead, finishedAbove: new Uint8Array() };
}
