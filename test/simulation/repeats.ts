/** One sending of one notification, from the moment when its bytes were out. */
export interface Sending {
  readonly id: string;
  /** The main and the term under which it was sent, and the worker that sent it. */
  readonly term: string;
  readonly worker: string;
  isReceived: boolean;
  /** Given up, its worker dead or its term over: the receiver may get it all the same. */
  isOver: boolean;
}

interface Count {
  received: number;
  excused: number;
}

/**
 * Counts what receivers got more than once, and whether each repeat has a cause.
 *
 * A notification may come once more for each time when what was known of it was lost: its send was given up with the bytes out, its worker
 * died before the outcome was recorded, or its term ended before a commit listed it. A repeat beyond that is a fault of the engine.
 */
export class Repeats {
  receivedCount = 0;
  repeatCount = 0;
  /** Sends begun under a lease whose bytes went out after it: the worker was frozen in between. The limit of any lease; counted, not failed. */
  lateCount = 0;
  readonly #fail: (text: string) => void;
  readonly #nameOf: (id: string) => string;
  readonly #onReceipt: (id: string) => void;
  readonly #counts = new Map<string, Count>();
  readonly #endedTerms = new Set<string>();
  readonly #byTerm = new Map<string, Sending[]>();
  readonly #byWorker = new Map<string, Sending[]>();

  constructor(fail: (text: string) => void, nameOf: (id: string) => string, onReceipt: (id: string) => void) {
    this.#fail = fail;
    this.#nameOf = nameOf;
    this.#onReceipt = onReceipt;
  }

  receiptCount(id: string): number {
    return this.#counts.get(id)?.received ?? 0;
  }

  bytesOut(id: string, term: string, worker: string): Sending {
    const sending = { id, term, worker, isReceived: false, isOver: this.#endedTerms.has(term) };
    for (const [map, key] of [
      [this.#byTerm, term],
      [this.#byWorker, worker],
    ] as const) {
      const list = map.get(key) ?? [];
      map.set(key, list);
      list.push(sending);
    }
    return sending;
  }

  received(sending: Sending): void {
    const count = this.#count(sending.id);
    sending.isReceived = true;
    this.#onReceipt(sending.id);
    this.receivedCount += 1;
    count.received += 1;
    if (count.received > 1) this.repeatCount += 1;
    if (sending.isOver) count.excused += 1;
    if (count.received > 1 + count.excused)
      this.#fail(`repeated without a cause: ${this.#nameOf(sending.id)}, for the ${count.received}. time`);
  }

  givenUp(sending: Sending): void {
    if (sending.isReceived) this.#count(sending.id).excused += 1;
    sending.isOver = true;
  }

  workerDied(worker: string, isRecorded: (id: string, term: string) => boolean): void {
    this.#over(this.#byWorker.get(worker) ?? [], isRecorded);
    this.#byWorker.delete(worker);
  }

  termEnded(term: string, isCovered: (id: string) => boolean): void {
    this.#over(this.#byTerm.get(term) ?? [], isCovered);
    this.#byTerm.delete(term);
    this.#endedTerms.add(term);
  }

  #over(sendings: readonly Sending[], isSafe: (id: string, term: string) => boolean): void {
    for (const sending of sendings) {
      if (sending.isReceived && !isSafe(sending.id, sending.term)) this.#count(sending.id).excused += 1;
      sending.isOver = true;
    }
  }

  #count(id: string): Count {
    const count = this.#counts.get(id) ?? { received: 0, excused: 0 };
    this.#counts.set(id, count);
    return count;
  }
}
