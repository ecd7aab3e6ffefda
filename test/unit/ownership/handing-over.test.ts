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

describe('an engine that stands in line', () => {
  /** One that is busy with its last partition, and one that has got the other and waits for this one. */
  async function waiting(): Promise<{ bench: ShareBench; a: ShareEngine; b: ShareEngine }> {
    const bench = new ShareBench(4);
    const a = bench.engine();
    await bench.pass(1_000);
    a.inFlow.set('t/3', 1);
    const b = bench.engine();
    await bench.pass(2_000);
    assert.deepEqual([[...b.taken.keys()], a.count], [['t/2'], 3]);
    return { bench, a, b };
  }
  const lineOf = (bench: ShareBench, partition: number) =>
    bench.directory.line({ topic: 't', partition }).map(({ instance }) => instance);

  it('leaves it when the partition shall be another one’s', async () => {
    const { bench } = await waiting();
    assert.deepEqual(lineOf(bench, 3), ['e1', 'e2']);
    bench.engine();
    await bench.pass(2_000);
    assert.deepEqual(lineOf(bench, 3), ['e1', 'e3']);
  });

  it('keeps its place when it loses another lock', async () => {
    const { bench, b } = await waiting();
    bench.directory.remove(b.lockOf(2).fence.lockPath);
    await bench.pass(0);
    assert.deepEqual(
      [b.told, lineOf(bench, 3)],
      [
        ['begin', 'lock_lost', 'begin'],
        ['e1', 'e2'],
      ],
    );
    await bench.pass(6_000);
    assert.equal(b.count, 1);
  });

  it('does nothing more about what it sees when it has to stop meanwhile', async () => {
    const bench = new ShareBench(1);
    let see: () => void = () => undefined;
    const a = bench.engine((locks) => ({
      join: (topics) => locks.join(topics),
      leave: () => locks.leave(),
      look: async (partitions, onChange) => {
        await new Promise<void>((resolve) => {
          see = resolve;
        });
        return await locks.look(partitions, onChange);
      },
      acquire: (partition, signal) => locks.acquire(partition, signal),
    }));
    await bench.pass(1_000);
    a.stop.abort();
    see();
    await a.running;
    assert.deepEqual(lineOf(bench, 0), []);
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

  it('takes a lock for lost that is gone when it comes', async () => {
    const bench = new ShareBench(1);
    let lossCount = 0;
    const a = bench.engine((locks) => ({
      join: (topics) => locks.join(topics),
      leave: () => locks.leave(),
      look: (partitions, onChange) => locks.look(partitions, onChange),
      acquire: async (partition, signal) => {
        const lock = await locks.acquire(partition, signal);
        lossCount += 1;
        if (lossCount === 1) bench.directory.remove(lock.fence.lockPath);
        return lock;
      },
    }));
    await bench.pass(2_000);
    assert.deepEqual([a.told, a.count, lossCount], [['begin', 'lock_lost', 'begin'], 1, 2]);
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
