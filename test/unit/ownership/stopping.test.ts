import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError } from '../../../src/domain/errors.js';
import { ShareBench, sharing } from '../../support/share-bench.js';

const forever = () => new AbortController().signal;

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

  it('gives a hand-over that is under way no more time than it has itself', async () => {
    const { bench, a } = await sharing();
    for (const partition of a.taken.keys()) a.inFlow.set(partition, 1);
    bench.engine();
    bench.engine();
    await bench.pass(2_000);
    assert.equal(a.paused.size, 1);
    a.stop.abort();
    let isLeft = false;
    const limit = bench.clock.limit(3_000);
    const leaving = a.keeper.leave(limit.signal).then(() => {
      isLeft = true;
    });
    await bench.pass(4_000);
    assert.ok(isLeft);
    await leaving;
    // Nobody who leaves in no time waits either.
    await a.keeper.leave(AbortSignal.abort());
  });

  it('gives back what it has although ZooKeeper does not hear that it leaves', async () => {
    const { bench, a, b } = await sharing();
    a.stop.abort();
    bench.directory.isAway = true;
    await a.keeper.leave(forever());
    assert.equal(a.count, 0);
    bench.directory.isAway = false;
    bench.directory.leave(a.instance);
    await bench.pass(6_000);
    assert.equal(b.count, 4);
  });

  it('cannot leave where a right is missing, and says so', async () => {
    const bench = new ShareBench(1);
    const refused = new ConfigurationError('RIGHT_MISSING', 'ZooKeeper refuses to remove /x');
    const a = bench.engine((locks) => ({
      join: (topics) => locks.join(topics),
      leave: () => Promise.reject(refused),
      look: (partitions, onChange) => locks.look(partitions, onChange),
      acquire: (partition, signal) => locks.acquire(partition, signal),
    }));
    await bench.pass(1_000);
    await assert.rejects(a.keeper.leave(forever()), refused);
  });

  it('ends with what a last commit shows that waiting cannot cure', async () => {
    const { bench, a } = await sharing();
    const refused = new ConfigurationError('RIGHT_MISSING', 'ZooKeeper refuses to write /x');
    a.flush = () => Promise.reject(refused);
    bench.engine();
    bench.engine();
    await bench.pass(5_000);
    await assert.rejects(a.running, refused);
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
