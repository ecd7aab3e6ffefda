/** A place that was asked for: `before` goes ahead of every `after`, however long those have waited. */
export type SlotRank = 'before' | 'after';

/** How many things happen at a time in the whole program; inside a rank first come, first served. */
export class Slots {
  #count: number;
  #takenCount = 0;
  #isClosed = false;
  readonly #waiting: Readonly<Record<SlotRank, Set<(isIn: boolean) => void>>> = { before: new Set(), after: new Set() };

  constructor(count: number) {
    this.#count = count;
  }

  get takenCount(): number {
    return this.#takenCount;
  }

  /** A smaller number takes hold as places are left. */
  resize(count: number): void {
    this.#count = count;
    this.#fill();
  }

  /** True with a place, which `leave` gives back; false, and no place, when nobody is let in any more. */
  async enter(rank: SlotRank): Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#takenCount < this.#count) {
      this.#takenCount += 1;
      return true;
    }
    return await new Promise((resolve) => this.#waiting[rank].add(resolve));
  }

  /** Nobody is let in any more, and whoever waits is sent away. */
  close(): void {
    this.#isClosed = true;
    for (const queue of [this.#waiting.before, this.#waiting.after]) {
      for (const answer of queue) answer(false);
      queue.clear();
    }
  }

  leave(): void {
    this.#takenCount -= 1;
    this.#fill();
  }

  #fill(): void {
    for (const queue of [this.#waiting.before, this.#waiting.after]) {
      for (const answer of queue) {
        if (this.#takenCount >= this.#count) return;
        queue.delete(answer);
        this.#takenCount += 1;
        answer(true);
      }
    }
  }
}
