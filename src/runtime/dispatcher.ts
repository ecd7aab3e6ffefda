import { type AlarmPosition, isNonEmpty, type NonEmpty } from '../domain/position.js';
import type { Parcel } from '../ports/flow.js';
import type { Ledger, WorkerRef } from '../ports/progress.js';
import type { BoundedQueue } from './bounded-queue.js';

/** The side of a worker that takes. */
export interface Taker {
  readonly ref: WorkerRef;
  deliver(parcels: NonEmpty<Parcel>): void;
}

interface Lane {
  readonly taker: Taker;
  credits: number;
  /** Kept free for parcels that a dead worker held. */
  isReserved: boolean;
  /** A parcel that a dead worker held is in its hands, alone. */
  isOnTrial: boolean;
  /** Whatever else it holds has been seen not to kill it. */
  isClear: boolean;
  signsOfLife: number;
}

const batchCount = 100;
/** One sign may have been on its way when the parcel was handed out. */
const signsToAcquit = 2;

/**
 * Hands what waits in one queue to the workers of the stage that takes from it, never more than a worker asked for.
 *
 * What is ready is shared out evenly, so that one worker does not sit on a batch while others idle. A parcel that a dead worker held goes
 * out alone: a worker is emptied for it, and gets the next one when it has answered or has shown life since. So a second death convicts one
 * parcel, and innocent ones are not held up by it for longer than a beat.
 */
export class Dispatcher {
  readonly queue: BoundedQueue;
  readonly #ledger: Ledger;
  readonly #lanes = new Map<string, Lane>();
  #suspects: Parcel[] = [];

  constructor(queue: BoundedQueue, ledger: Ledger) {
    this.queue = queue;
    this.#ledger = ledger;
  }

  /** Waiting parcels, those given back by a death included. */
  get waitingCount(): number {
    return this.queue.length + this.#suspects.length;
  }

  add(taker: Taker, credits: number): void {
    this.#lanes.set(laneName(taker.ref), {
      taker,
      credits,
      isReserved: false,
      isOnTrial: false,
      isClear: true,
      signsOfLife: 0,
    });
    this.pump();
  }

  /**
   * The worker is dead: takes back what it held, and returns what is to be quarantined. Each parcel is first offered to `takenByQuarantine`,
   * once; what that takes over is no affair of this queue.
   */
  remove(ref: WorkerRef, takenByQuarantine: (parcel: Parcel) => boolean): readonly Parcel[] {
    this.#lanes.delete(laneName(ref));
    const { again, quarantine } = this.#ledger.bury(ref);
    for (const parcel of again) if (!takenByQuarantine(parcel)) this.#suspects.push(parcel);
    this.pump();
    const convicted: Parcel[] = [];
    for (const parcel of quarantine) if (!takenByQuarantine(parcel)) convicted.push(parcel);
    return convicted;
  }

  /**
   * The worker has answered for this position. The parcel's key is free again, and so is one place in the worker, unless it was parked by
   * the quarantine and took up neither; `settledByQuarantine` is asked once, and settles it then.
   */
  settle(ref: WorkerRef, position: AlarmPosition, settledByQuarantine: (parcel: Parcel) => boolean): Parcel {
    const wasSuspect = this.#ledger.isSuspect(position);
    const parcel = this.#ledger.settle(ref, position);
    if (settledByQuarantine(parcel)) return parcel;
    const lane = this.#lanes.get(laneName(ref));
    if (lane !== undefined) {
      lane.credits += 1;
      if (wasSuspect) lane.isOnTrial = false;
      if (this.#ledger.heldBy(ref) === 0) lane.isClear = true;
    }
    this.queue.release(parcel.orderKey);
    return parcel;
  }

  /** The worker shows that its event loop turns. True when that frees it for what a dead worker held. */
  showedLife(ref: WorkerRef): boolean {
    const lane = this.#lanes.get(laneName(ref));
    if (lane === undefined || (lane.isClear && !lane.isOnTrial)) return false;
    lane.signsOfLife += 1;
    if (lane.signsOfLife < signsToAcquit) return false;
    this.#ledger.acquit(ref);
    lane.isOnTrial = false;
    lane.isClear = true;
    this.pump();
    return true;
  }

  /** Everything is void; the workers ask anew. */
  clear(): void {
    this.queue.clear();
    this.#suspects = [];
    this.#lanes.clear();
  }

  /** Hands out whatever can be, then shares the room that this made. */
  pump(): void {
    this.#pumpSuspects();
    this.#pumpReady();
    this.queue.shareRoom();
  }

  #pumpSuspects(): void {
    if (this.#suspects.length === 0) {
      for (const lane of this.#lanes.values()) lane.isReserved = false;
      return;
    }
    // Half of the workers, so that the others go on with what is new.
    let reservedCount = Math.max(1, Math.floor(this.#lanes.size / 2));
    // Those first that have room: a worker full of what hangs would keep the suspects waiting for as long as that lasts.
    const lanes = [...this.#lanes.values()].sort((a, b) => Number(b.credits > 0) - Number(a.credits > 0));
    for (const lane of lanes) {
      lane.isReserved = reservedCount > 0;
      reservedCount -= 1;
      if (lane.isReserved && lane.isClear && !lane.isOnTrial && lane.credits > 0) this.#deliverSuspect(lane);
    }
  }

  #deliverSuspect(lane: Lane): void {
    const parcel = this.#suspects.shift();
    if (parcel === undefined) return;
    this.#ledger.handOut(lane.taker.ref, parcel, true);
    lane.credits -= 1;
    lane.isOnTrial = true;
    lane.signsOfLife = 0;
    lane.taker.deliver([parcel]);
  }

  #pumpReady(): void {
    if (this.queue.readyCount === 0) return;
    let open = [...this.#lanes.values()].filter((lane) => lane.credits > 0 && !lane.isReserved && !lane.isOnTrial);
    while (open.length > 0 && this.queue.readyCount > 0) {
      const share = Math.min(batchCount, Math.ceil(this.queue.readyCount / open.length));
      for (const lane of open) this.#deliver(lane, Math.min(share, lane.credits));
      open = open.filter((lane) => lane.credits > 0);
    }
  }

  #deliver(lane: Lane, count: number): void {
    const parcels: Parcel[] = [];
    while (parcels.length < count) {
      const parcel = this.queue.take();
      if (parcel === undefined) break;
      this.#ledger.handOut(lane.taker.ref, parcel, false);
      parcels.push(parcel);
    }
    lane.credits -= parcels.length;
    lane.isClear = false;
    lane.signsOfLife = 0;
    if (isNonEmpty(parcels)) lane.taker.deliver(parcels);
  }
}

function laneName(ref: WorkerRef): string {
  return `${ref.stage}/${ref.index}/${ref.generation}`;
}
