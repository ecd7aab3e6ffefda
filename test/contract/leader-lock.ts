import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { HeldLock, LeaderLock } from '../../src/ports/ownership.js';
import { waitFor } from '../support/wait-for.js';

export interface LeaderLockBench {
  /** A lock as a further engine sees it: its own session, where there are sessions. */
  engine(): Promise<LeaderLock>;
  /** How many hold the lock or wait for it. */
  lineLength(topic: string): Promise<number>;
  /** A stranger removes a lock node. */
  removeNode(lockPath: string): Promise<void>;
  close(): Promise<void>;
}

/** What every LeaderLock keeps. */
export function leaderLockContract(name: string, open: () => Promise<LeaderLockBench>): void {
  describe(`leader lock: ${name}`, () => {
    let bench: LeaderLockBench;
    before(async () => {
      bench = await open();
    });
    after(() => bench.close());

    const forever = () => new AbortController().signal;
    const topicOf = () => `alarms-${randomUUID()}`;

    const line = (topic: string, length: number) =>
      waitFor(async () => (await bench.lineLength(topic)) === length, `${length} in the line`);

    /** Whether the lock was had, without waiting for it. */
    function watch(wait: Promise<HeldLock>): { readonly lock: Promise<HeldLock>; isHeld: boolean } {
      const seen = { lock: wait, isHeld: false };
      wait.then(
        () => {
          seen.isHeld = true;
        },
        () => undefined,
      );
      return seen;
    }

    test('is had at once when nobody holds it', async () => {
      const lock = await (await bench.engine()).acquire(topicOf(), forever());
      assert.equal(lock.lost.aborted, false);
      await lock.release();
    });

    test('is held by one engine at a time, in the order in which they came', async () => {
      const topic = topicOf();
      const [a, b, c] = [await bench.engine(), await bench.engine(), await bench.engine()];
      const first = await a.acquire(topic, forever());
      const second = watch(b.acquire(topic, forever()));
      await line(topic, 2);
      const third = watch(c.acquire(topic, forever()));
      await line(topic, 3);
      assert.deepEqual([second.isHeld, third.isHeld], [false, false]);
      await first.release();
      const held = await second.lock;
      assert.equal(third.isHeld, false);
      await held.release();
      await (await third.lock).release();
    });

    test('epochs rise with every take-over', async () => {
      const topic = topicOf();
      const epochs: bigint[] = [];
      for (const engine of [await bench.engine(), await bench.engine()]) {
        const lock = await engine.acquire(topic, forever());
        epochs.push(lock.fence.epoch);
        await lock.release();
      }
      assert.ok((epochs[0] ?? 0n) < (epochs[1] ?? 0n));
    });

    test('locks of different topics do not wait for each other', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      const locks = await Promise.all([a.acquire(topicOf(), forever()), b.acquire(topicOf(), forever())]);
      for (const lock of locks) await lock.release();
    });

    test('an engine that gives up waiting leaves the line', async () => {
      const topic = topicOf();
      const [a, b, c] = [await bench.engine(), await bench.engine(), await bench.engine()];
      const held = await a.acquire(topic, forever());
      const impatient = new AbortController();
      const gaveUp = b.acquire(topic, impatient.signal);
      await line(topic, 2);
      const next = c.acquire(topic, forever());
      impatient.abort();
      await assert.rejects(gaveUp, { code: 'ABORTED' });
      await held.release();
      await (await next).release();
    });

    test('a wait that was given up before it began is refused', async () => {
      const engine = await bench.engine();
      await assert.rejects(engine.acquire(topicOf(), AbortSignal.abort()), { code: 'ABORTED' });
    });

    test('the holder is told when a stranger removes its node, and the next one gets the lock (Z7)', async () => {
      const topic = topicOf();
      const [a, b] = [await bench.engine(), await bench.engine()];
      const held = await a.acquire(topic, forever());
      const next = b.acquire(topic, forever());
      await line(topic, 2);
      await bench.removeNode(held.fence.lockPath);
      await waitFor(() => held.lost.aborted, 'the holder to learn that its lock is lost');
      await (await next).release();
      await held.release();
    });

    test('a released lock does not count as lost', async () => {
      const engine = await bench.engine();
      const topic = topicOf();
      const lock = await engine.acquire(topic, forever());
      await lock.release();
      await (await engine.acquire(topic, forever())).release();
      assert.equal(lock.lost.aborted, false);
    });

    test('the same engine takes the lock again', async () => {
      const engine = await bench.engine();
      const topic = topicOf();
      const paths = new Set<string>();
      for (let round = 0; round < 3; round++) {
        const lock = await engine.acquire(topic, forever());
        paths.add(lock.fence.lockPath);
        await lock.release();
      }
      assert.equal(paths.size, 3);
    });
  });
}
