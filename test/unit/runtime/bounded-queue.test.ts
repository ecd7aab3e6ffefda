import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BoundedQueue, type Putter } from '../../../src/runtime/bounded-queue.js';
import { offsetsOf, parcel } from '../../support/parcels.js';

class CountingPutter implements Putter {
  room = 0;
  isHeldBack = false;
  grant(more: number): void {
    this.room += more;
  }
}

function filled(capacity: number, keys: readonly string[]): BoundedQueue {
  const queue = new BoundedQueue('alarms', capacity);
  const putter = new CountingPutter();
  queue.want(putter, keys.length);
  for (const [index, key] of keys.entries()) assert.ok(queue.put(putter, parcel(index, key), true));
  return queue;
}

function takeAll(queue: BoundedQueue): number[] {
  const taken = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next);
  return offsetsOf(taken);
}

/** Tests of the tests: queues with one fault each. */
const mutants: Readonly<Record<string, typeof BoundedQueue>> = {
  'lets two of one key be out': class extends BoundedQueue {
    override take() {
      const parcel = super.take();
      if (parcel !== undefined) this.release(parcel.orderKey);
      return parcel;
    }
  },
  'never lets the next of a key go': class extends BoundedQueue {
    override release() {}
  },
  'grants whatever is asked for': class extends BoundedQueue {
    override want(putter: Putter, more: number) {
      super.want(putter, more);
      putter.grant(1);
    }
  },
};

/** Three putters and one taker in any order: room is kept, nothing is lost, and of one key one is out at a time, in order. */
function checkQueue(make: (capacity: number) => BoundedQueue, settings: { readonly seed?: number }): void {
  const steps = fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 200, size: 'max' });
  const property = fc.property(fc.integer({ min: 1, max: 8 }), steps, (capacity, chosen) => {
    const queue = make(capacity);
    const putters = [new CountingPutter(), new CountingPutter(), new CountingPutter()];
    const taken: number[] = [];
    const out: string[] = [];
    let put = 0;
    const take = () => {
      const next = queue.take();
      if (next === undefined) return;
      assert.ok(!out.includes(next.orderKey), 'two of one key are out');
      out.push(next.orderKey);
      taken.push(Number(next.position.offset));
    };
    const release = () => {
      const key = out.shift();
      if (key !== undefined) queue.release(key);
      queue.shareRoom();
    };
    for (const step of chosen) {
      const putter = putters[step % 3];
      assert.ok(putter);
      if (step < 30) queue.want(putter, 1 + (step % 4));
      else if (step < 65 && putter.room > 0) {
        putter.room -= 1;
        assert.ok(queue.put(putter, parcel(put, `key-${put % 3}`), true));
        put += 1;
      } else if (step < 85) take();
      else release();
      assert.ok(queue.length + putters.reduce((sum, each) => sum + each.room, 0) <= capacity);
    }
    for (let left = queue.length + out.length; left > 0; left -= 1) {
      release();
      take();
    }
    assert.deepEqual([taken.length, queue.length], [put, 0]);
    for (const key of [0, 1, 2]) {
      const ofKey = taken.filter((offset) => offset % 3 === key);
      assert.deepEqual(
        ofKey,
        [...ofKey].sort((a, b) => a - b),
      );
    }
  });
  fc.assert(property, settings);
}

describe('bounded queue', () => {
  it('grants no more room than its capacity', () => {
    const queue = new BoundedQueue('alarms', 3);
    const putter = new CountingPutter();
    queue.want(putter, 10);
    assert.equal(putter.room, 3);
  });

  it('refuses a parcel for which no room was granted', () => {
    const queue = new BoundedQueue('alarms', 3);
    assert.equal(queue.put(new CountingPutter(), parcel(1), true), false);
    assert.equal(queue.length, 0);
  });

  it('gives the room of a parcel that is not kept back to whoever waits', () => {
    const queue = new BoundedQueue('alarms', 1);
    const [first, second] = [new CountingPutter(), new CountingPutter()];
    queue.want(first, 1);
    queue.want(second, 1);
    assert.ok(queue.put(first, parcel(1), false));
    queue.shareRoom();
    assert.equal(second.room, 1);
  });

  it('gives room that is handed back to whoever waits, and takes back no more than was granted', () => {
    const queue = new BoundedQueue('alarms', 3);
    const [first, second] = [new CountingPutter(), new CountingPutter()];
    queue.want(first, 3);
    queue.want(second, 2);
    assert.equal(queue.giveBack(first, 4), false);
    assert.equal(queue.giveBack(new CountingPutter(), 1), false);
    assert.equal(second.room, 0);
    assert.equal(queue.giveBack(first, 2), true);
    assert.equal(second.room, 2);
    assert.equal(queue.put(first, parcel(1), true), true);
    assert.equal(queue.put(first, parcel(2), true), false);
  });

  it('grants nothing to a putter that is held back, and all the room to the others', () => {
    const queue = new BoundedQueue('alarms', 2);
    const [held, other] = [new CountingPutter(), new CountingPutter()];
    held.isHeldBack = true;
    queue.want(held, 2);
    queue.want(other, 1);
    assert.deepEqual([held.room, other.room], [0, 1]);
    held.isHeldBack = false;
    queue.shareRoom();
    assert.equal(held.room, 1);
  });

  it('lets every putter have its turn when room is short', () => {
    const queue = new BoundedQueue('alarms', 1);
    const [greedy, modest] = [new CountingPutter(), new CountingPutter()];
    queue.want(greedy, 100);
    queue.want(modest, 1);
    for (const offset of [1, 2]) {
      assert.equal(modest.room, 0);
      queue.put(greedy, parcel(offset), true);
      queue.take();
      queue.shareRoom();
    }
    assert.equal(modest.room, 1);
  });

  it('lets parcels leave in the order in which they were put', () => {
    assert.deepEqual(takeAll(filled(5, ['a', 'b', 'c', 'd', 'e'])), [0, 1, 2, 3, 4]);
  });

  it('holds back a parcel while another of its order key is out', () => {
    const queue = filled(4, ['a', 'a', 'b', 'a']);
    assert.deepEqual(takeAll(queue), [0, 2]);
    assert.equal(queue.length, 2);
    queue.release('a');
    assert.deepEqual(takeAll(queue), [1]);
    queue.release('a');
    assert.deepEqual(takeAll(queue), [3]);
    queue.release('a');
    queue.release('unknown');
    assert.equal(queue.length, 0);
  });

  it('takes the room of a dead putter back', () => {
    const queue = new BoundedQueue('alarms', 2);
    const [dead, living] = [new CountingPutter(), new CountingPutter()];
    queue.want(dead, 5);
    queue.want(living, 2);
    assert.equal(living.room, 0);
    queue.forget(dead);
    assert.equal(living.room, 2);
  });

  it('has nothing to take back from a putter that never asked', () => {
    const queue = new BoundedQueue('alarms', 2);
    queue.forget(new CountingPutter());
    const putter = new CountingPutter();
    queue.want(putter, 2);
    assert.equal(putter.room, 2);
  });

  it('forgets parcels, wishes and grants when cleared', () => {
    const queue = filled(2, ['a', 'a']);
    queue.want(new CountingPutter(), 3);
    queue.clear();
    const putter = new CountingPutter();
    queue.want(putter, 2);
    assert.deepEqual([queue.length, queue.readyCount, putter.room], [0, 0, 2]);
    queue.clear();
    assert.deepEqual([queue.hasRoom(putter), queue.put(putter, parcel(1), true)], [false, false]);
  });

  it('keeps its memory small however many parcels pass', () => {
    const queue = new BoundedQueue('alarms', 2_000);
    const putter = new CountingPutter();
    for (let round = 0; round < 5; round += 1) {
      queue.want(putter, 2_000);
      for (let index = 0; index < 2_000; index += 1) queue.put(putter, parcel(round * 2_000 + index), true);
      assert.equal(takeAll(queue).length, 2_000);
    }
    assert.equal(queue.length, 0);
  });

  it('never outgrows its capacity and loses nothing, whoever puts and takes when', () => {
    checkQueue((capacity) => new BoundedQueue('alarms', capacity), {});
  });
});

describe('the property that the queue passes', () => {
  for (const [fault, Mutant] of Object.entries(mutants)) {
    it(`rejects a queue that ${fault}`, () => {
      assert.throws(() => checkQueue((capacity) => new Mutant('alarms', capacity), { seed: 1 }), /Property failed/);
    });
  }
});
