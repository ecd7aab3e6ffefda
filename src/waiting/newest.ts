import type { AlarmPosition } from '../domain/position.js';

type Place = Pick<AlarmPosition, 'partition' | 'offset'>;

/**
 * Of two records of one kind with the same content, the one that was written last: after a lost answer or a crash a record may be on its topic
 * twice, and only one of them may go on. Records of one kind share a key, hence a partition.
 */
export function isWrittenLater(one: Place, other: Place): boolean {
  return one.partition === other.partition ? one.offset > other.offset : one.partition > other.partition;
}

/**
 * The newest of each kind among the things that were seen.
 *
 * Remembers the kinds that were seen last, so many that they cost some ten megabytes; of older ones it knows nothing.
 */
export class Newest<Thing> {
  readonly #isNewer: (one: Thing, other: Thing) => boolean;
  readonly #capacity: number;
  readonly #newest = new Map<string, Thing>();

  constructor(isNewer: (one: Thing, other: Thing) => boolean, capacity = 50_000) {
    this.#isNewer = isNewer;
    this.#capacity = capacity;
  }

  saw(kind: string, thing: Thing): void {
    const before = this.#newest.get(kind);
    this.#newest.delete(kind);
    this.#newest.set(kind, before === undefined || this.#isNewer(thing, before) ? thing : before);
    if (this.#newest.size > this.#capacity) this.#newest.delete(String(this.#newest.keys().next().value));
  }

  /** The one that is newer than this one; undefined when none was seen. */
  after(kind: string, thing: Thing): Thing | undefined {
    const newest = this.#newest.get(kind);
    return newest !== undefined && this.#isNewer(newest, thing) ? newest : undefined;
  }
}
