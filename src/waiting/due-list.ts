import { type AlarmPosition, type Offset, partitionText, type TopicPartition } from '../domain/position.js';

/** A partition, and the offset from which its offsets are counted: numbers are several times cheaper than bigints. */
interface Lane {
  readonly at: TopicPartition;
  readonly base: Offset;
}

/** Something that waits, and until when. */
export interface Due {
  readonly position: AlarmPosition;
  readonly dueAtMonoMs: number;
}

/**
 * What waits for its time, the earliest first; of equal times the order of partitions and offsets decides.
 *
 * Keeps three numbers per entry and nothing else, in a binary heap: adding and taking cost O(log n), taking a partition out O(n). The caller
 * bounds it. Times are monotonic milliseconds. Pure.
 */
export class DueList {
  readonly #dueMonoMs: number[] = [];
  readonly #laneOf: number[] = [];
  readonly #distance: number[] = [];
  readonly #lanes: Lane[] = [];
  readonly #laneByName = new Map<string, number>();

  get size(): number {
    return this.#dueMonoMs.length;
  }

  /** When the first one is due; undefined while nothing waits. */
  get nextDueAtMonoMs(): number | undefined {
    return this.#dueMonoMs[0];
  }

  add(position: AlarmPosition, dueAtMonoMs: number): void {
    const lane = this.#laneFor(position);
    this.#dueMonoMs.push(dueAtMonoMs);
    this.#laneOf.push(lane);
    this.#distance.push(Number(position.offset - this.#lane(lane).base));
    this.#up(this.size - 1);
  }

  /** Takes out what is due, the earliest first, at most `count`. */
  take(nowMonoMs: number, count: number): readonly Due[] {
    const taken: Due[] = [];
    for (let next = this.nextDueAtMonoMs; next !== undefined && next <= nowMonoMs; next = this.nextDueAtMonoMs) {
      if (taken.length >= count) break;
      taken.push({ position: this.#positionAt(0), dueAtMonoMs: next });
      this.#swap(0, this.size - 1);
      this.#shorten(this.size - 1);
      this.#down(0);
    }
    return taken;
  }

  /** Forgets what waits of one partition. */
  remove(partition: TopicPartition): void {
    const lane = this.#laneByName.get(partitionText(partition));
    let kept = 0;
    for (let at = 0; at < this.size; at += 1) if (this.#laneOf[at] !== lane) this.#swap(kept++, at);
    this.#shorten(kept);
    for (let at = kept >> 1; at >= 0; at -= 1) this.#down(at);
  }

  clear(): void {
    this.#shorten(0);
    this.#lanes.length = 0;
    this.#laneByName.clear();
  }

  #laneFor(position: AlarmPosition): number {
    const name = partitionText(position);
    const known = this.#laneByName.get(name);
    if (known !== undefined) return known;
    const { topic, partition, offset } = position;
    this.#laneByName.set(name, this.#lanes.length);
    return this.#lanes.push({ at: { topic, partition }, base: offset }) - 1;
  }

  #positionAt(at: number): AlarmPosition {
    const { at: partition, base } = this.#lane(Number(this.#laneOf[at]));
    return { ...partition, offset: base + BigInt(Number(this.#distance[at])) };
  }

  #lane(index: number): Lane {
    // Every index comes from `#laneFor`.
    return this.#lanes[index] as Lane;
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(from: number): void {
    let at = from;
    for (let first = this.#firstOf(at); first !== at; first = this.#firstOf(at)) {
      this.#swap(at, first);
      at = first;
    }
  }

  /** The earliest of an entry and the two below it. */
  #firstOf(at: number): number {
    let first = at;
    for (const below of [2 * at + 1, 2 * at + 2]) {
      if (below < this.size && this.#isBefore(below, first)) first = below;
    }
    return first;
  }

  #isBefore(one: number, other: number): boolean {
    for (const column of [this.#dueMonoMs, this.#laneOf, this.#distance]) {
      const difference = Number(column[one]) - Number(column[other]);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  #swap(one: number, other: number): void {
    for (const column of [this.#dueMonoMs, this.#laneOf, this.#distance]) {
      const value = Number(column[one]);
      column[one] = Number(column[other]);
      column[other] = value;
    }
  }

  #shorten(size: number): void {
    for (const column of [this.#dueMonoMs, this.#laneOf, this.#distance]) column.length = size;
  }
}
