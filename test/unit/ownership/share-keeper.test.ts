import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ConfigurationError } from '../../../src/domain/errors.js';
import { ShareBench, type ShareEngine, sharing } from '../../support/share-bench.js';

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

  it('look again soon after a change that came while they looked', async () => {
    const bench = new ShareBench(2);
    let lookedCount = 0;
    const a = bench.engine((locks) => ({
      join: (topics) => locks.join(topics),
      leave: () => locks.leave(),
      look: async (partitions, onChange) => {
        lookedCount += 1;
        const seen = await locks.look(partitions, onChange);
        if (lookedCount === 5) onChange();
        return seen;
      },
      acquire: (partition, signal) => locks.acquire(partition, signal),
    }));
    for (let steps = 0; lookedCount < 5 && steps < 1_000; steps += 1) await bench.pass(100);
    await bench.pass(500);
    assert.deepEqual([lookedCount, a.count], [6, 2]);
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

  it('say who owns what only while they can know it', async () => {
    const { bench, a } = await sharing();
    const owners = () => a.keeper.lines.map(({ owner }) => owner);
    bench.directory.isAway = true;
    await bench.pass(4_000);
    assert.deepEqual(owners(), ['e1', 'e1', 'e2', 'e2']);
    await bench.pass(7_000);
    assert.deepEqual(owners(), []);
    bench.directory.isAway = false;
    await bench.pass(500);
    assert.equal(owners().length, 4);
    a.refusedSessionCount = 1;
    a.lease.abort();
    assert.deepEqual(owners(), []);
  });

  it('try again when there is no session to be had', async () => {
    const bench = new ShareBench(1);
    const a = bench.engine();
    a.refusedSessionCount = 1;
    a.lease.abort();
    await bench.pass(1_000);
    assert.deepEqual([a.refusedSessionCount, a.count], [0, 1]);
  });

  it('release a lock that comes when they have stopped already', async () => {
    const bench = new ShareBench(1);
    const a = bench.engine((locks) => ({
      join: (topics) => locks.join(topics),
      leave: () => locks.leave(),
      look: (partitions, onChange) => locks.look(partitions, onChange),
      acquire: (partition, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(locks.acquire(partition, new AbortController().signal)));
        }),
    }));
    await bench.pass(1_000);
    a.stop.abort();
    await bench.pass(100);
    assert.deepEqual([a.count, bench.directory.line({ topic: 't', partition: 0 })], [0, []]);
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

  it('are never two for one partition, and end with fair parts, whoever comes, goes, dies or loses a lock (K7)', async () => {
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
