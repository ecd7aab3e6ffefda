/** A place that was asked for: `before` goes ahead of every `after`, however long those have waited. */
export type SlotRank = 'before' | 'after';

/** How many things happen at a time in the whole program; inside a rank first come, first served. */
export class Slots {
  #count: number;
  #takenCount = 0;
  readonly #waiting: Readonly<Record<SlotRank, Set<() => void>>> = { before: new Set(), after: new Set() };

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

  /** True with a place, which `leave` gives back; false, and no place, when `signal` aborted first. */
  async enter(rank: SlotRank, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#takenCount < this.#count) {
      this.#takenCount += 1;
      return true;
    }
    return await new Promise((resolve) => {
      const enter = () => {
        signal.removeEventListener('abort', withdraw);
        resolve(true);
      };
      const withdraw = () => {
        this.#waiting[rank].delete(enter);
        resolve(false);
      };
      this.#waiting[rank].add(enter);
      signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  leave(): void {
    this.#takenCount -= 1;
    this.#fill();
  }

  #fill(): void {
    for (const queue of [this.#waiting.before, this.#waiting.after]) {
      for (const enter of queue) {
        if (this.#takenCount >= this.#count) return;
        queue.delete(enter);
        this.#takenCount += 1;
        enter();
      }
    }
  }
}
