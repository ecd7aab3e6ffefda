/** What a time line needs to know of an entry to break a tie. */
export interface Entry {
  readonly tie: number;
  readonly order: number;
}

/**
 * Entries by their time; those of the same time by their tie, then by their order.
 *
 * A heap in two columns: the times lie in an array of plain numbers, where comparing and moving them makes no garbage.
 */
export class TimeLine<T extends Entry> {
  readonly #times: number[] = [];
  readonly #entries: T[] = [];

  /** Infinity when there is nothing to come. */
  firstAtMs(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#timeOf(0);
  }

  push(atMs: number, entry: T): void {
    let index = this.#entries.length;
    this.#put(index, atMs, entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#entries[parent];
      if (above === undefined || !isBefore(atMs, entry, this.#timeOf(parent), above)) break;
      this.#put(index, this.#timeOf(parent), above);
      index = parent;
    }
    this.#put(index, atMs, entry);
  }

  pop(): T | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    const lastAtMs = this.#times.pop();
    if (last !== undefined && lastAtMs !== undefined && this.#entries.length > 0) this.#sink(lastAtMs, last);
    return first;
  }

  /** Puts an entry in at the top, and moves up whatever comes before it. */
  #sink(atMs: number, entry: T): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = entries[child];
      const other = entries[child + 1];
      if (below === undefined) break;
      if (other !== undefined && isBefore(this.#timeOf(child + 1), other, this.#timeOf(child), below)) {
        child += 1;
        below = other;
      }
      if (!isBefore(this.#timeOf(child), below, atMs, entry)) break;
      this.#put(index, this.#timeOf(child), below);
      index = child;
    }
    this.#put(index, atMs, entry);
  }

  #timeOf(index: number): number {
    return this.#times[index] ?? Number.POSITIVE_INFINITY;
  }

  #put(index: number, atMs: number, entry: T): void {
    this.#times[index] = atMs;
    this.#entries[index] = entry;
  }
}

function isBefore(atMs: number, entry: Entry, otherAtMs: number, other: Entry): boolean {
  if (atMs !== otherAtMs) return atMs < otherAtMs;
  return entry.tie !== other.tie ? entry.tie < other.tie : entry.order < other.order;
}
