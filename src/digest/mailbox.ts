import { Fifo } from '../domain/fifo.js';

/** A bounded line of items for one reader. A full one makes its writers wait; what is in it is never dropped. */
export class Mailbox<Item> {
  readonly #limitCount: number;
  readonly #items = new Fifo<Item>();
  #waiting: (() => void)[] = [];
  #reader: (() => void) | undefined;
  #isClosed = false;

  constructor(limitCount: number) {
    this.#limitCount = limitCount;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Never after `close`: who waited for room would wait in vain. */
  get isFull(): boolean {
    return !this.#isClosed && this.length >= this.#limitCount;
  }

  /** Puts an item, whatever the length: ask `isFull` first. After `close` it is not taken. */
  put(item: Item): void {
    if (this.#isClosed) return;
    this.#items.push(item);
    this.#wakeReader();
  }

  /** Resolves when there is room, or when the mailbox is closed. */
  async room(): Promise<void> {
    while (this.isFull) await new Promise<void>((resolve) => this.#waiting.push(resolve));
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
    return this.#items.peek();
  }

  take(): Item | undefined {
    const item = this.#items.shift();
    if (item === undefined) return undefined;
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
