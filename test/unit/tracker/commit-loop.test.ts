import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineError } from '../../../src/domain/errors.js';
import type { Commit, Fence } from '../../../src/ports/progress.js';
import { CommitLoop } from '../../../src/tracker/commit-loop.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { FakeLockDirectory } from '../../support/fakes/fake-leader-lock.js';
import { FakeOffsetStore } from '../../support/fakes/fake-offset-store.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const p0 = { topic: 'alarms', partition: 0 };
const p1 = { topic: 'alarms', partition: 1 };
const unavailable = () => new EngineError('STORE_UNAVAILABLE', 'no answer', { retriable: true });

function bench(settings: { capacity?: number; maxHeadAgeMs?: number } = {}) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const locks = new FakeLockDirectory();
  const store = new FakeOffsetStore(locks);
  const tracker = new FirstUnfinishedTracker({ clock, capacityOf: () => settings.capacity ?? 20_000 });
  const fences = new Map([p0, p1].map(({ partition }) => [partition, locks.join('alarms') as Fence]));
  const leaseEnd = new AbortController();
  const lease = { ended: leaseEnd.signal, endsAtMonoMs: () => state.leaseEndsAtMonoMs, endsAtMs: () => 1e15 };
  const state = { leaseEndsAtMonoMs: Number.MAX_SAFE_INTEGER, hasLease: true };
  const fenced: Fence[] = [];
  const told: Commit[] = [];
  const loop = new CommitLoop({
    ...{ tracker, store, clock, telemetry, maxHeadAgeMs: settings.maxHeadAgeMs },
    lease: () => (state.hasLease ? lease : undefined),
    fenceOf: ({ partition }) => fences.get(partition),
    onCommitting: () => undefined,
    onCommitted: (commits) => told.push(...commits),
    onFenced: (fence) => fenced.push(fence),
  });
  const stop = new AbortController();
  const nextOf = async (at = p0) => (await store.load(at))?.nextToRead;
  const through = (at: typeof p0, from: number, to: number) => {
    for (let offset = from; offset <= to; offset++) {
      tracker.begin({ ...at, offset: BigInt(offset) });
      tracker.finish({ ...at, offset: BigInt(offset) });
    }
  };
  const open = (at: typeof p0) => tracker.open(at, { nextToRead: 0n, finishedAbove: new Uint8Array() });
  return {
    clock,
    telemetry,
    locks,
    store,
    tracker,
    fences,
    leaseEnd,
    state,
    fenced,
    told,
    loop,
    stop,
    nextOf,
    through,
    open,
  };
}

describe('commit loop', () => {
  test('commits once a second what has changed, and tells the tracker and the reader', async () => {
    const b = bench();
    for (const at of [p0, p1]) b.open(at);
    void b.loop.run(b.stop.signal);
    b.through(p0, 0, 4);
    await b.clock.advance(900);
    assert.equal(b.store.saves.length, 0);
    await b.clock.advance(100);
    assert.deepEqual([await b.nextOf(p0), await b.nextOf(p1)], [5n, 0n]);
    assert.equal(b.tracker.progress(p0).committed, 5n);
    assert.deepEqual(
      b.told.map((commit) => commit.stored.nextToRead),
      [5n, 0n],
    );
    await b.clock.advance(3000);
    assert.equal(b.store.saves.length, 2, 'nothing changed, so nothing is written');
    b.stop.abort();
  });

  test('a changed finished set is committed although the position stays', async () => {
    const b = bench();
    b.open(p0);
    void b.loop.run(b.stop.signal);
    for (const offset of [0n, 1n]) b.tracker.begin({ ...p0, offset });
    await b.clock.advance(1000);
    b.tracker.finish({ ...p0, offset: 1n });
    await b.clock.advance(1000);
    assert.deepEqual(await b.store.load(p0), { nextToRead: 0n, finishedAbove: new Uint8Array([0b10]) });
    b.stop.abort();
  });

  test('commits sooner when half of the span is used, but not for a head that stands still', async () => {
    const b = bench({ capacity: 40 });
    for (const at of [p0, p1]) b.open(at);
    void b.loop.run(b.stop.signal);
    b.through(p0, 0, 19);
    b.tracker.begin({ ...p1, offset: 0n });
    b.through(p1, 1, 30);
    await b.clock.advance(100);
    assert.deepEqual([await b.nextOf(p0), await b.nextOf(p1)], [20n, undefined]);
    b.stop.abort();
  });

  for (const [name, end] of [
    ['has ended', (b: ReturnType<typeof bench>) => b.leaseEnd.abort()],
    [
      'has run out, though nobody said so',
      (b: ReturnType<typeof bench>) => Object.assign(b.state, { leaseEndsAtMonoMs: 1000 }),
    ],
    ['is not there', (b: ReturnType<typeof bench>) => Object.assign(b.state, { hasLease: false })],
  ] as const) {
    test(`commits nothing when the lease ${name}`, async () => {
      const b = bench();
      b.open(p0);
      b.through(p0, 0, 4);
      end(b);
      void b.loop.run(b.stop.signal);
      await b.clock.advance(5000);
      assert.equal(b.store.saves.length, 0);
      assert.equal(await b.loop.flush(new AbortController().signal), false);
      b.stop.abort();
    });
  }

  test('what could not be written is written in the next round, and said once', async () => {
    const b = bench();
    b.open(p0);
    b.through(p0, 0, 4);
    b.store.fail(unavailable(), unavailable(), unavailable());
    void b.loop.run(b.stop.signal);
    await b.clock.advance(2000);
    assert.equal(b.tracker.progress(p0).committed, 0n);
    await b.clock.advance(2000);
    assert.equal(await b.nextOf(), 5n);
    assert.equal(b.telemetry.named('commit_delayed').length, 1);
    assert.equal(b.telemetry.named('commit_resumed').length, 1);
    b.stop.abort();
  });

  test('a commit of unknown outcome is repeated although nothing moved (Z6)', async () => {
    const b = bench();
    b.open(p0);
    await b.loop.flush(new AbortController().signal);
    b.through(p0, 0, 4);
    b.store.fail(unavailable());
    const flushed = b.loop.flush(new AbortController().signal);
    await b.clock.advance(1000);
    assert.equal(await flushed, true);
    assert.equal(b.store.saves.length, 2);
  });

  test('a lost lock is told, and partitions under another lock are still committed', async () => {
    const b = bench();
    for (const at of [p0, p1]) {
      b.open(at);
      b.through(at, 0, 4);
    }
    const lost = b.fences.get(0);
    assert.ok(lost);
    b.locks.remove(lost.lockPath);
    assert.equal(await b.loop.flush(new AbortController().signal), false);
    assert.deepEqual(b.fenced, [lost]);
    assert.deepEqual([await b.nextOf(p0), await b.nextOf(p1)], [undefined, 5n]);
    assert.equal(b.tracker.progress(p0).committed, 0n);
  });

  test('partitions under one lock are written together', async () => {
    const b = bench();
    for (const at of [p0, p1]) b.open(at);
    const fence = b.fences.get(0);
    assert.ok(fence);
    b.fences.set(1, fence);
    assert.equal(await b.loop.flush(new AbortController().signal), true);
    assert.deepEqual(
      b.store.saves.map((commits) => commits.length),
      [2],
    );
  });

  test('a partition without a lock is not committed', async () => {
    const b = bench();
    b.open(p0);
    b.through(p0, 0, 4);
    b.fences.delete(0);
    assert.equal(await b.loop.flush(new AbortController().signal), true);
    assert.equal(b.store.saves.length, 0);
  });

  test('never writes two commits at once: a flush waits for the round under way and then writes the rest', async () => {
    const b = bench();
    b.open(p0);
    b.through(p0, 0, 4);
    const release = b.store.hold();
    void b.loop.run(b.stop.signal);
    await b.clock.advance(1000);
    b.through(p0, 5, 9);
    const flushed = b.loop.flush(new AbortController().signal);
    await b.clock.advance(0);
    assert.equal(b.store.saves.length, 0);
    release();
    assert.equal(await flushed, true);
    assert.deepEqual(
      b.store.saves.map(([commit]) => commit?.stored.nextToRead),
      [5n, 10n],
    );
    b.stop.abort();
  });

  test('a flush gives up when it is told to', async () => {
    for (const abortLater of [true, false]) {
      const b = bench();
      b.open(p0);
      b.through(p0, 0, 4);
      b.store.fail(unavailable(), unavailable());
      const enough = new AbortController();
      if (!abortLater) enough.abort();
      const flushed = b.loop.flush(enough.signal);
      await b.clock.advance(100);
      enough.abort();
      assert.equal(await flushed, false);
    }
  });

  test('an answer that comes after its partition was closed moves nothing', async () => {
    const b = bench();
    b.open(p0);
    b.through(p0, 0, 4);
    const release = b.store.hold();
    const flushed = b.loop.flush(new AbortController().signal);
    await b.clock.advance(0);
    b.tracker.close(p0);
    release();
    assert.equal(await flushed, true);
    assert.deepEqual(b.tracker.openPartitions(), []);
  });

  test('a partition that comes back is committed anew', async () => {
    const b = bench();
    b.open(p0);
    void b.loop.run(b.stop.signal);
    await b.clock.advance(1000);
    b.tracker.close(p0);
    await b.clock.advance(1000);
    b.open(p0);
    await b.clock.advance(1000);
    assert.equal(b.store.saves.length, 2);
    b.stop.abort();
  });

  for (const failure of [new EngineError('RIGHT_MISSING', 'refused', { retriable: false }), new TypeError('a bug')]) {
    test(`ends with ${failure.name}, which no waiting can heal`, async () => {
      const b = bench();
      b.open(p0);
      b.store.fail(failure);
      const ended = assert.rejects(b.loop.run(b.stop.signal), failure);
      await b.clock.advance(1000);
      await ended;
    });
  }

  test('shows stuck heads, and goes on without a limit for them', async () => {
    for (const maxHeadAgeMs of [2000, undefined]) {
      const b = bench(maxHeadAgeMs === undefined ? {} : { maxHeadAgeMs });
      b.open(p0);
      b.tracker.begin({ ...p0, offset: 7n });
      void b.loop.run(b.stop.signal);
      const gauge = () => b.telemetry.gauges.get('stuck_head alarms 0');
      await b.clock.advance(1000);
      assert.equal(gauge(), 0, 'there is a series before anything is stuck');
      await b.clock.advance(3000);
      assert.equal(gauge(), maxHeadAgeMs === undefined ? 0 : 1);
      const offsets = b.loop.stuckHeads().map((head) => head.position.offset);
      assert.deepEqual(offsets, maxHeadAgeMs === undefined ? [] : [7n]);
      assert.equal(await b.nextOf(), 7n);
      b.stop.abort();
      await b.clock.advance(1000);
      assert.equal(b.clock.waitingCount, 0);
    }
  });
});
