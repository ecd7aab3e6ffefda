import { type Offset, partitionText, type TopicPartition } from '../domain/position.js';
import type { StoredOffset } from '../ports/progress.js';

/** What a partition has at rest: nothing at first. */
type Stored = StoredOffset | undefined;

/**
 * What this engine knew of its partitions when a term ended, for the case that the next term is its own again.
 *
 * A lost lease often ends with the same engine back in charge. The last commit is up to a second old by then; what was finished since would
 * be told again. Finished stays finished whoever holds the lock, so it may be carried over, but only onto the very position that we wrote,
 * or were writing when the answer was lost: anything else means that another engine or an operator has decided since.
 */
export class Carry {
  readonly #known = new Map<string, { readonly ours: readonly Stored[]; readonly reached: StoredOffset }>();

  /** `ours`: what may be stored if nobody else has written, undefined for nothing at all. */
  keep(partition: TopicPartition, ours: readonly Stored[], reached: StoredOffset): void {
    this.#known.set(partitionText(partition), { ours, reached });
  }

  /** What to go on from, given what is stored now. */
  onto(partition: TopicPartition, stored: Stored): Stored {
    const known = this.#known.get(partitionText(partition));
    this.#known.delete(partitionText(partition));
    return known?.ours.some((own) => isSame(own, stored)) ? known.reached : stored;
  }
}

function isSame(a: Stored, b: Stored): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.nextToRead === b.nextToRead && Buffer.compare(a.finishedAbove, b.finishedAbove) === 0;
}

/** A partition without anything finished above its position. */
export function plainOffset(nextToRead: Offset): StoredOffset {
  return { nextToRead, finishedAbove: new Uint8Array() };
}
