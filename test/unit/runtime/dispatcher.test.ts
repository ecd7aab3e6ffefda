import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NonEmpty } from '../../../src/domain/position.js';
import type { Parcel } from '../../../src/ports/flow.js';
import type { WorkerRef } from '../../../src/ports/progress.js';
import { BoundedQueue } from '../../../src/runtime/bounded-queue.js';
import { Dispatcher, type Taker } from '../../../src/runtime/dispatcher.js';
import { ParcelLedger } from '../../../src/tracker/ledger.js';
import { offsetsOf, parcel, position, worker } from '../../support/parcels.js';

class RecordingTaker implements Taker {
  readonly ref: WorkerRef;
  readonly batches: number[][] = [];
  constructor(ref: WorkerRef) {
    this.ref = ref;
  }
  deliver(parcels: NonEmpty<Parcel>): void {
    this.batches.push(offsetsOf(parcels));
  }
  get offsets(): number[] {
    return this.batches.flat();
  }
}

const nobodyElse = () => false;

class Bench {
  readonly ledger = new ParcelLedger();
  readonly queue = new BoundedQueue('alarms', 1_000);
  readonly dispatcher = new Dispatcher(this.queue, this.ledger);
  #next = 0;

  taker(index: number, credits: number, generation = index): RecordingTaker {
    const taker = new RecordingTaker(worker(index, generation));
    this.dispatcher.add(taker, credits);
    return taker;
  }

  put(count: number, orderKey?: string): void {
    const putter = { isHeldBack: false, grant: () => undefined };
    this.queue.want(putter, count);
    for (let each = 0; each < count; each += 1) {
      this.queue.put(putter, parcel(this.#next, orderKey ?? `key-${this.#next}`), true);
      this.#next += 1;
    }
    this.dispatcher.pump();
  }

  settle(taker: RecordingTaker, ...offsets: number[]): void {
    for (const offset of offsets) this.dispatcher.settle(taker.ref, position(offset), nobodyElse);
    this.dispatcher.pump();
  }
}

describe('dispatcher', () => {
  it('hands a worker no more than it asked for', () => {
    const bench = new Bench();
    const taker = bench.taker(1, 2);
    bench.put(5);
    assert.deepEqual(taker.offsets, [0, 1]);
    bench.settle(taker, 0);
    assert.deepEqual(taker.offsets, [0, 1, 2]);
  });

  it('shares what is ready evenly among the workers', () => {
    const bench = new Bench();
    const [first, second] = [bench.taker(1, 100), bench.taker(2, 100)];
    bench.put(10);
    assert.deepEqual([first.offsets.length, second.offsets.length], [5, 5]);
  });

  it('hands out batches of at most 100', () => {
    const bench = new Bench();
    const taker = bench.taker(1, 500);
    bench.put(250);
    assert.deepEqual(
      taker.batches.map((batch) => batch.length),
      [100, 100, 50],
    );
  });

  it('keeps one item per order key out at a time', () => {
    const bench = new Bench();
    const [first, second] = [bench.taker(1, 10), bench.taker(2, 10)];
    bench.put(3, 'same alarm');
    assert.deepEqual([first.offsets, second.offsets], [[0], []]);
    bench.settle(first, 0);
    assert.equal(first.offsets.length + second.offsets.length, 2);
  });

  it('hands what a dead worker held to another, each item alone', () => {
    const bench = new Bench();
    const [dead, heir] = [bench.taker(1, 3), bench.taker(2, 10)];
    bench.put(4);
    bench.settle(heir, ...heir.offsets);
    const before = heir.batches.length;
    assert.deepEqual(bench.dispatcher.remove(dead.ref, nobodyElse), []);
    assert.deepEqual(heir.batches.slice(before), [[dead.offsets[0]]]);
    bench.settle(heir, dead.offsets[0] ?? -1);
    assert.deepEqual(heir.batches.slice(before).flat(), dead.offsets);
    assert.equal(bench.dispatcher.waitingCount, 0);
  });

  it('goes on with new items on the other workers meanwhile', () => {
    const bench = new Bench();
    const dead = bench.taker(1, 3);
    bench.put(3);
    bench.dispatcher.remove(dead.ref, nobodyElse);
    const [lane, other] = [bench.taker(2, 10), bench.taker(3, 10)];
    bench.put(2);
    assert.deepEqual([lane.offsets, other.offsets], [[0], [3, 4]]);
  });

  it('keeps no more workers free than there are suspects', () => {
    const bench = new Bench();
    const dead = bench.taker(1, 1);
    bench.put(1);
    const lanes = [2, 3, 4, 5].map((index) => bench.taker(index, 10));
    bench.dispatcher.remove(dead.ref, nobodyElse);
    bench.put(4);
    const [lane, ...others] = lanes.map((each) => each.offsets);
    assert.deepEqual([lane, others.flat()], [[0], [1, 2, 3, 4]]);
  });

  it('does not keep suspects waiting for a worker that is full', () => {
    const bench = new Bench();
    const full = bench.taker(1, 1);
    bench.put(1);
    const [dead, free] = [bench.taker(2, 1), bench.taker(3, 10)];
    bench.put(2);
    assert.deepEqual([full.offsets, dead.offsets, free.offsets], [[0], [1], [2]]);
    bench.settle(free, 2);
    bench.dispatcher.remove(dead.ref, nobodyElse);
    assert.deepEqual(free.offsets, [2, 1]);
  });

  it('gives the next suspect out once the worker has shown life twice with the one before', () => {
    const bench = new Bench();
    const dead = bench.taker(1, 2);
    bench.put(2);
    bench.dispatcher.remove(dead.ref, nobodyElse);
    const lane = bench.taker(2, 10);
    bench.dispatcher.showedLife(lane.ref);
    assert.deepEqual(lane.offsets, [0]);
    bench.dispatcher.showedLife(lane.ref);
    assert.deepEqual(lane.offsets, [0, 1]);
  });

  it('acquits a suspect with which a worker has lived on: that worker may die of something else', () => {
    const bench = new Bench();
    const dead = bench.taker(1, 1);
    bench.put(1);
    bench.dispatcher.remove(dead.ref, nobodyElse);
    const lane = bench.taker(2, 1);
    for (const _ of [1, 2]) bench.dispatcher.showedLife(lane.ref);
    assert.deepEqual(bench.dispatcher.remove(lane.ref, nobodyElse), []);
    assert.equal(bench.dispatcher.waitingCount, 1);
  });

  it('counts a suspect as one of those that the worker asked for', () => {
    const bench = new Bench();
    const dead = bench.taker(1, 1);
    bench.put(1);
    bench.dispatcher.remove(dead.ref, nobodyElse);
    const lane = bench.taker(2, 1);
    for (const _ of [1, 2]) bench.dispatcher.showedLife(lane.ref);
    bench.put(1);
    assert.deepEqual(lane.offsets, [0]);
    bench.settle(lane, 0);
    assert.deepEqual(lane.offsets, [0, 1]);
  });

  it('waits until a worker is known to survive what it holds before it gets a suspect', () => {
    const bench = new Bench();
    const busy = bench.taker(1, 2);
    bench.put(2);
    const dead = bench.taker(2, 10);
    bench.put(1);
    bench.settle(busy, 0);
    bench.dispatcher.remove(dead.ref, nobodyElse);
    bench.dispatcher.showedLife(busy.ref);
    assert.deepEqual([busy.offsets, dead.offsets], [[0, 1], [2]]);
    bench.dispatcher.showedLife(busy.ref);
    assert.deepEqual(busy.offsets, [0, 1, 2]);
  });

  it('returns for quarantine what killed a second worker alone, and frees its worker for the rest', () => {
    const bench = new Bench();
    const first = bench.taker(1, 2);
    bench.put(2);
    bench.dispatcher.remove(first.ref, nobodyElse);
    const second = bench.taker(1, 2, 11);
    assert.deepEqual(offsetsOf(bench.dispatcher.remove(second.ref, nobodyElse)), [0]);
    const third = bench.taker(1, 2, 12);
    assert.deepEqual(third.offsets, [1]);
  });

  it('leaves parcels alone that are looked after elsewhere', () => {
    const bench = new Bench();
    const taker = bench.taker(1, 1);
    bench.ledger.handOut(taker.ref, parcel(77, 'parked'), false);
    bench.dispatcher.settle(taker.ref, position(77), () => true);
    bench.put(2);
    assert.deepEqual(taker.offsets, [0]);
    assert.deepEqual(
      bench.dispatcher.remove(taker.ref, () => true),
      [],
    );
    assert.equal(bench.dispatcher.waitingCount, 1);
  });

  it('forgets everything when cleared, and serves workers that ask anew', () => {
    const bench = new Bench();
    const taker = bench.taker(1, 2);
    bench.put(1);
    bench.dispatcher.clear();
    bench.ledger.clear();
    bench.dispatcher.showedLife(taker.ref);
    assert.equal(bench.dispatcher.waitingCount, 0);
    bench.put(1);
    assert.deepEqual(taker.offsets, [0]);
    assert.deepEqual(bench.taker(1, 5, 11).offsets, [1]);
  });

  it('accepts an answer of a worker that is gone from its lanes', () => {
    const bench = new Bench();
    const taker = bench.taker(1, 1);
    bench.ledger.handOut(worker(5), parcel(50), false);
    assert.equal(bench.dispatcher.settle(worker(5), position(50), nobodyElse).payload, 'payload 50');
    assert.deepEqual(taker.offsets, []);
  });
});
