import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ConfigurationError } from '../../../src/domain/errors.js';
import { ShareBench, type ShareEngine } from '../../support/share-bench.js';

const forever = () => new AbortController().signal;

/** Two engines with two partitions each of four. */
async function sharing(): Promise<{ bench: ShareBench; a: ShareEngine; b: ShareEngine }> {
  const bench = new ShareBench(4);
  const a = bench.engine();
  await bench.pass(1_000);
  const b = bench.engine();
  await bench.pass(2_000);
  assert.deepEqual(bench.counts, [2, 2]);
  return { bench, a, b };
}

describe('engines that share', () => {
  it('take everything when they are alone, and half of it when they are two', async () => {
    const bench = new ShareBench(12);
    const a = bench.engine();
    await bench.pass(500);
    assert.equal(a.count, 12);
    bench.engine();
    await bench.pass(2_000);
    assert.deepEqual(bench.counts, [6, 6]);
    bench.engine();
    await bench.pass(2_000);
    assert.deepEqual(bench.counts, [4, 4, 4]);
  });

  it('are nothing while Kafka has told of no partition', async () => {
    const bench = new ShareBench(0);
    const a = bench.engine();
    await bench.pass(10_000);
    assert.equal(bench.directory.sharers.size, 0);
    a.partitionCount = 2;
    a.keeper.changed();
    await bench.pass(500);
    assert.equal(a.count, 2);
  });

  it('take up partitions that are added, without touching the others', async () => {
    const { bench, a, b } = await sharing();
    const before = [a.lockOf(0), a.lockOf(1), b.lockOf(2), b.lockOf(3)];
    for (const engine of [a, b]) {
      engine.partitionCount = 6;
      engine.keeper.changed();
    }
    await bench.pass(1_000);
    assert.deepEqual(bench.counts, [3, 3]);
    assert.deepEqual([a.lockOf(0), a.lockOf(1), b.lockOf(2), b.lockOf(3)], before);
  });

  it('take over what a dead one had, at once', async () => {
    const { bench, a, b } = await sharing();
    a.stop.abort();
    bench.directory.expire(a.instance);
    await bench.pass(700);
    assert.equal(b.count, 4);
  });

  it('see within seconds what no word told them', async () => {
    const { bench, a } = await sharing();
    const { lockPath } = a.lockOf(0).fence;
    bench.directory.remove(lockPath);
    await bench.pass(6_000);
    assert.deepEqual(bench.counts, [2, 2]);
    assert.notEqual(a.lockOf(0).fence.lockPath, lockPath);
  });

  it('go on with what they have while ZooKeeper does not answer', async () => {
    const { bench, a } = await sharing();
    bench.directory.isAway = true;
    a.keeper.changed();
    await bench.pass(20_000);
    assert.deepEqual(bench.counts, [2, 2]);
    assert.ok(a.telemetry.named('share_unknown').length > 0);
    bench.directory.isAway = false;
    bench.engine();
    await bench.pass(8_000);
    assert.deepEqual([...bench.counts].sort(), [1, 1, 2]);
  });

  it('end with what waiting cannot cure', async () => {
    const bench = new ShareBench(1);
    const refused = new ConfigurationError('RIGHT_MISSING', 'ZooKeeper refuses to create /x');
    const looking = bench.engine((locks) => ({
      join: () => Promise.reject(refused),
      leave: () => locks.leave(),
      look: (partitions, onChange) => locks.look(partitions, onChange),
      acquire: (partition, signal) => locks.acquire(partition, signal),
    }));
    const claiming = bench.engine((locks) => ({
      join: (topics) => locks.join(topics),
      leave: () => locks.leave(),
      look: (partitions, onChange) => locks.look(partitions, onChange),
      acquire: () => Promise.reject(refused),
    }));
    await bench.pass(1_000);
    await assert.rejects(looking.running, refused);
    await assert.rejects(claiming.running, refused);
  });

  it('are never two for one partition, and end with fair parts, whoever comes, goes, dies or loses a lock', async () => {
    const step = fc.record({
      what: fc.constantFrom('start', 'stop', 'die', 'lease', 'lock', 'busy', 'idle'),
      who: fc.nat(5),
      waitMs: fc.constantFrom(0, 10, 150, 700, 4_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), fc.nat(7), async (steps, partitionCount) => {
        const bench = new ShareBench(partitionCount + 1);
        const alive = [bench.engine()];
        const check = () => {
          for (let partition = 0; partition <= partitionCount; partition += 1)
            assert.ok(bench.workersOf({ topic: 't', partition }).length <= 1);
        };
        for (const { what, who, waitMs } of steps) {
          const engine = alive[who % alive.length];
          if (what === 'start' && alive.length < 4) alive.push(bench.engine());
          else if (engine !== undefined) await happen(bench, alive, engine, what, who);
          for (let passed = 0; passed <= waitMs; passed += 50) {
            check();
            await bench.pass(Math.min(50, waitMs));
          }
        }
        for (const engine of bench.engines) engine.inFlow.clear();
        await bench.pass(60_000);
        check();
        const counts = alive.map(({ count }) => count);
        const sum = counts.reduce((total, count) => total + count, 0);
        assert.equal(sum, alive.length === 0 ? 0 : partitionCount + 1);
        if (alive.length > 0) assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
        for (const { stop } of alive) stop.abort();
      }),
      { numRuns: 60 },
    );
  });
});

async function happen(
  bench: ShareBench,
  alive: ShareEngine[],
  engine: ShareEngine,
  what: string,
  who: number,
): Promise<void> {
  const gone = () => alive.splice(alive.indexOf(engine), 1);
  const some = [...engine.taken.keys()][who % Math.max(1, engine.count)];
  if (what === 'stop') {
    gone();
    engine.stop.abort();
    await engine.keeper.leave(AbortSignal.abort());
    await engine.keeper.release();
  } else if (what === 'die') {
    gone();
    engine.stop.abort();
    // Its lease ends before its session does.
    engine.lease.abort();
    bench.directory.expire(engine.instance);
  } else if (what === 'lease') {
    engine.lease.abort();
    bench.directory.expire(engine.instance);
  } else if (what === 'lock' && some !== undefined) {
    const lock = engine.taken.get(some);
    if (lock !== undefined) bench.directory.remove(lock.fence.lockPath);
  } else if (what === 'busy' && some !== undefined) engine.inFlow.set(some, 3);
  else if (what === 'idle') engine.inFlow.clear();
}

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
