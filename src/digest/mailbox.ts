/** A bounded line of items for one reader. A full one makes its writers wait; what is in it is never dropped. */
export class Mailbox<Item> {
  readonly #limitCount: number;
  #items: Item[] = [];
  #head = 0;
  #waiting: (() => void)[] = [];
  #reader: (() => void) | undefined;
  #isClosed = false;

  constructor(limitCount: number) {
    this.#limitCount = limitCount;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isFull(): boolean {
    return this.length >= this.#limitCount;
  }

  /** Puts an item, whatever the length: ask `isFull` first. After `close` it is not taken. */
  put(item: Item): void {
    if (this.#isClosed) return;
    this.#items.push(item);
    this.#wakeReader();
  }

  /** Resolves when there is room, or when the mailbox is closed. */
  async room(): Promise<void> {
    while (this.isFull && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when there is something to take, or when the mailbox is closed. */
  async filled(): Promise<void> {
    while (this.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  take(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 1_000 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    if (!this.isFull) for (const wake of this.#waiting.splice(0)) wake();
    return item;
  }

  /** Takes nothing more; what is in it can still be taken. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#reader?.();
    this.#reader = undefined;
  }
}
