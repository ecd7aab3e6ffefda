import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ShareBench, type ShareEngine, sharing } from '../../support/share-bench.js';

const forever = () => new AbortController().signal;

describe('a hand-over', () => {
  /** An engine that has everything and one that has come for its half; the first is busy with all. */
  async function busy(): Promise<{ bench: ShareBench; a: ShareEngine; b: ShareEngine }> {
    const bench = new ShareBench(4);
    const a = bench.engine();
    await bench.pass(1_000);
    for (const name of a.taken.keys()) a.inFlow.set(name, 1);
    const b = bench.engine();
    await bench.pass(2_000);
    return { bench, a, b };
  }

  it('waits until nothing of the partition is in the flow, then commits, then releases; the others go on', async () => {
    const { bench, a, b } = await busy();
    assert.deepEqual([[...a.paused], a.count, b.count, a.flushed], [['t/2'], 4, 0, []]);
    a.inFlow.delete('t/2');
    await bench.pass(100);
    assert.deepEqual([a.count, b.count, a.flushed], [3, 1, ['t/2']]);
    assert.deepEqual([...a.paused], ['t/3']);
    a.inFlow.clear();
    await bench.pass(1_000);
    assert.deepEqual([a.count, b.count], [2, 2]);
    assert.equal(a.telemetry.named('partition_handed_over').length, 2);
  });

  it('that takes too long is put off: the partition is read on, and tried again later', async () => {
    const { bench, a, b } = await busy();
    await bench.pass(45_000);
    assert.deepEqual([[...a.paused], a.count, b.count], [[], 4, 0]);
    assert.equal(a.telemetry.named('hand_over_postponed').length, 2);
    a.inFlow.clear();
    await bench.pass(40_000);
    assert.deepEqual([a.count, b.count], [2, 2]);
  });

  it('takes its time while one after the other ends, but not for ever', async () => {
    const bench = new ShareBench(2);
    const a = bench.engine();
    await bench.pass(1_000);
    a.inFlow.set('t/1', 100);
    const b = bench.engine();
    await bench.pass(1_000);
    for (let count = 99; count > 79; count -= 1) {
      a.inFlow.set('t/1', count);
      await bench.pass(5_000);
    }
    assert.deepEqual([[...a.paused], a.telemetry.named('hand_over_postponed')], [['t/1'], []]);
    for (let count = 79; count > 74; count -= 1) {
      a.inFlow.set('t/1', count);
      await bench.pass(5_000);
    }
    assert.deepEqual([a.telemetry.named('hand_over_postponed').length, a.count, b.count], [1, 2, 0]);
  });

  it('is put off when what was done cannot be committed', async () => {
    const { bench, a, b } = await sharing();
    a.flush = () => Promise.resolve(false);
    bench.engine();
    bench.engine();
    await bench.pass(10_000);
    assert.deepEqual([a.count, [...a.paused]], [2, []]);
    assert.equal(b.count, 1);
    a.flush = () => Promise.resolve(true);
    await bench.pass(40_000);
    assert.deepEqual(bench.counts, [1, 1, 1, 1]);
  });

  it('is given up with the term, and begun again in the next', async () => {
    const { bench, a, b } = await busy();
    a.lease.abort();
    bench.directory.expire(a.instance);
    a.inFlow.clear();
    await bench.pass(10_000);
    assert.deepEqual(a.told, ['begin', 'lease_ended', 'begin']);
    assert.deepEqual([a.count, b.count], [2, 2]);
  });

  it('does not happen while nobody stands in line', async () => {
    const bench = new ShareBench(2);
    const a = bench.engine();
    await bench.pass(1_000);
    bench.directory.join({ instance: 'silent', topics: ['t'] });
    await bench.pass(20_000);
    assert.deepEqual([a.count, a.paused.size], [2, 0]);
  });
});

describe('an engine that loses one lock', () => {
  it('begins everything else again, and gives none of it up', async () => {
    const { bench, a } = await sharing();
    const kept = a.lockOf(1);
    bench.directory.remove(a.lockOf(0).fence.lockPath);
    await bench.pass(0);
    assert.deepEqual(a.told, ['begin', 'lock_lost', 'begin']);
    assert.equal(a.lockOf(1), kept);
    assert.equal(kept.lost.aborted, false);
  });

  it('does so too when a commit is refused', async () => {
    const { a } = await sharing();
    a.keeper.fenced(a.lockOf(0).fence);
    assert.deepEqual(a.told, ['begin', 'fenced', 'begin']);
    a.keeper.fenced({ lockPath: '/elsewhere', epoch: 1n });
    assert.equal(a.told.length, 3);
    assert.deepEqual([...a.taken.keys()], ['t/1']);
  });

  it('ends its term and begins none, while it stops', async () => {
    const { bench, a } = await sharing();
    a.stop.abort();
    await bench.pass(0);
    bench.directory.remove(a.lockOf(0).fence.lockPath);
    assert.deepEqual(a.told, ['begin', 'lock_lost']);
    await a.keeper.release();
    assert.deepEqual(a.told, ['begin', 'lock_lost']);
    await a.keeper.leave(forever());
    await bench.pass(1_000);
    assert.deepEqual(bench.counts, [0, 4]);
  });
});

describe('an engine that stops', () => {
  it('keeps its term, and hands over each partition as soon as it is drained', async () => {
    const { bench, a, b } = await sharing();
    a.inFlow.set('t/0', 1);
    a.stop.abort();
    await a.running;
    assert.deepEqual([a.told, a.count], [['begin'], 2]);
    const leaving = a.keeper.leave(forever());
    await bench.pass(1_000);
    assert.deepEqual([[...a.taken.keys()], b.count], [['t/0'], 3]);
    a.inFlow.clear();
    await bench.pass(1_000);
    await leaving;
    assert.deepEqual([a.count, b.count], [0, 4]);
    await a.keeper.release();
    assert.deepEqual(a.told, ['begin', 'released']);
  });

  it('releases what it could not drain, after its term', async () => {
    const { bench, a, b } = await sharing();
    a.inFlow.set('t/0', 1);
    a.stop.abort();
    const limit = bench.clock.limit(3_000);
    const leaving = a.keeper.leave(limit.signal);
    await bench.pass(4_000);
    await leaving;
    assert.equal(b.count, 3);
    await a.keeper.release();
    await bench.pass(500);
    assert.equal(b.count, 4);
  });

  it('stands in no line any more', async () => {
    const { bench, b } = await sharing();
    const c = bench.engine();
    bench.engines[0]?.inFlow.set('t/1', 1);
    b.inFlow.set('t/3', 1);
    await bench.pass(600);
    c.stop.abort();
    await c.running;
    await bench.pass(0);
    const lines = [0, 1, 2, 3].map((partition) => bench.directory.line({ topic: 't', partition }));
    assert.ok(lines.flat().every(({ instance }) => instance !== c.instance));
  });

  it('finishes a hand-over that it had begun', async () => {
    const bench = new ShareBench(2);
    const a = bench.engine();
    await bench.pass(1_000);
    a.inFlow.set('t/1', 1);
    const b = bench.engine();
    await bench.pass(1_000);
    assert.deepEqual([...a.paused], ['t/1']);
    a.stop.abort();
    const leaving = a.keeper.leave(forever());
    await bench.pass(100);
    a.inFlow.clear();
    await bench.pass(1_000);
    await leaving;
    assert.deepEqual([a.count, b.count], [0, 2]);
  });
});
