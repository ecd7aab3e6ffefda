import { Fifo } from '../domain/fifo.js';
import type { Parcel, QueueName } from '../ports/flow.js';

/** Who may put: told of room as soon as there is some, unless it is held back. */
export interface Putter {
  /** While true it is given no room, however much there is. */
  readonly isHeldBack: boolean;
  grant(more: number): void;
}

/**
 * A waiting line of parcels in the main process, bounded by room that is asked for and granted.
 *
 * Nothing is put without room, and room is granted only while `length + granted < capacity`; so what a putter holds back stays with it, and
 * the line never outgrows its capacity. Room goes round the putters, so that none starves. Parcels leave in the order of their keys'
 * readiness: parcels of one order key leave one at a time, the next when `release` says that the one before has moved on.
 */
export class BoundedQueue {
  readonly name: QueueName;
  readonly capacity: number;
  readonly #ready = new Fifo<Parcel>();
  #blockedCount = 0;
  /** Order keys of which one parcel is out, with those that wait for it. */
  readonly #out = new Map<string, Parcel[]>();
  readonly #wanted = new Map<Putter, number>();
  readonly #granted = new Map<Putter, number>();
  #grantedCount = 0;

  constructor(name: QueueName, capacity: number) {
    this.name = name;
    this.capacity = capacity;
  }

  /** Parcels that wait, those behind another of their key included. */
  get length(): number {
    return this.#ready.length + this.#blockedCount;
  }

  /** Parcels that could be taken now. */
  get readyCount(): number {
    return this.#ready.length;
  }

  /** A putter has `more` parcels ready, beyond those that it asked room for before. */
  want(putter: Putter, more: number): void {
    this.#wanted.set(putter, (this.#wanted.get(putter) ?? 0) + more);
    this.shareRoom();
  }

  /** True when the putter was granted room that it has not used up. */
  hasRoom(putter: Putter): boolean {
    return (this.#granted.get(putter) ?? 0) > 0;
  }

  /** Uses up room that was granted; false when there was none, which breaks the protocol. Without `isKept` it only gives its room back. */
  put(putter: Putter, parcel: Parcel, isKept: boolean): boolean {
    const granted = this.#granted.get(putter) ?? 0;
    if (granted === 0) return false;
    this.#granted.set(putter, granted - 1);
    this.#grantedCount -= 1;
    if (isKept) this.#enter(parcel);
    return true;
  }

  /** Room that was granted and is not needed is free again; false for more than was granted, which breaks the protocol. */
  giveBack(putter: Putter, count: number): boolean {
    const granted = this.#granted.get(putter) ?? 0;
    if (count > granted) return false;
    this.#granted.set(putter, granted - count);
    this.#grantedCount -= count;
    this.shareRoom();
    return true;
  }

  /** The oldest parcel that may leave; its key is then out until `release`. */
  take(): Parcel | undefined {
    return this.#ready.shift();
  }

  /** The parcel of this key has moved on: the next of its key may leave. */
  release(orderKey: string): void {
    const waiting = this.#out.get(orderKey);
    if (waiting === undefined) return;
    const next = waiting.shift();
    if (next === undefined) this.#out.delete(orderKey);
    else {
      this.#blockedCount -= 1;
      this.#ready.push(next);
    }
  }

  /** A putter is gone: what it was granted is free again. */
  forget(putter: Putter): void {
    this.#grantedCount -= this.#granted.get(putter) ?? 0;
    this.#granted.delete(putter);
    this.#wanted.delete(putter);
    this.shareRoom();
  }

  /** Grants what room there is; called once after many were taken, since each grant is a message. */
  shareRoom(): void {
    let room = this.capacity - this.length - this.#grantedCount;
    for (const [putter, wanted] of this.#wanted) {
      if (room <= 0) return;
      if (putter.isHeldBack) continue;
      const share = Math.min(wanted, room);
      room -= share;
      this.#wanted.delete(putter);
      // Behind the others: whoever asks for more than there is waits for its next turn.
      if (share < wanted) this.#wanted.set(putter, wanted - share);
      this.#granted.set(putter, (this.#granted.get(putter) ?? 0) + share);
      this.#grantedCount += share;
      putter.grant(share);
      if (share < wanted) return;
    }
  }

  /** Everything in it is void, every grant and every wish too. */
  clear(): void {
    this.#ready.clear();
    this.#blockedCount = 0;
    this.#out.clear();
    this.#wanted.clear();
    this.#granted.clear();
    this.#grantedCount = 0;
  }

  #enter(parcel: Parcel): void {
    const waiting = this.#out.get(parcel.orderKey);
    if (waiting === undefined) {
      this.#out.set(parcel.orderKey, []);
      this.#ready.push(parcel);
    } else {
      waiting.push(parcel);
      this.#blockedCount += 1;
    }
  }
}
