import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { PartitionLocks, Sharing } from '../../src/ports/ownership.js';
import { waitFor } from '../support/wait-for.js';

export interface SharingEngine {
  readonly instance: string;
  readonly locks: PartitionLocks;
  /** Ends all that it has, as when it is killed and its session expires. */
  die(): Promise<void>;
}

export interface PartitionLocksBench {
  /** A further engine: its own session, where there are sessions. */
  engine(): Promise<SharingEngine>;
  /** A stranger removes a lock node. */
  removeNode(lockPath: string): Promise<void>;
  close(): Promise<void>;
}

/** What every PartitionLocks keeps. */
export function partitionLocksContract(name: string, open: () => Promise<PartitionLocksBench>): void {
  describe(`partition locks: ${name}`, () => {
    let bench: PartitionLocksBench;
    before(async () => {
      bench = await open();
    });
    after(() => bench.close());

    const forever = () => new AbortController().signal;
    const partitionsOf = (count: number) => {
      const topic = `alarms-${randomUUID()}`;
      return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    };
    const ignore = () => undefined;
    const sharersOf = ({ sharers }: Sharing, ...engines: readonly SharingEngine[]) =>
      sharers.filter(({ instance }) => engines.some((engine) => engine.instance === instance));

    test('an engine that has joined is a sharer of its topics, for all to see, until it leaves', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      await a.locks.join(['x', 'y']);
      await a.locks.join(['x', 'y']);
      await b.locks.join(['x']);
      const seen = sharersOf(await b.locks.look([], ignore), a, b);
      assert.deepEqual(
        new Map(seen.map(({ instance, topics }) => [instance, topics])),
        new Map([
          [a.instance, ['x', 'y']],
          [b.instance, ['x']],
        ]),
      );
      await a.locks.leave();
      await a.locks.leave();
      assert.deepEqual(sharersOf(await b.locks.look([], ignore), a), []);
    });

    test('an engine that dies is a sharer no more', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      await a.locks.join(['x']);
      assert.equal(sharersOf(await b.locks.look([], ignore), a).length, 1);
      await a.die();
      await waitFor(async () => sharersOf(await b.locks.look([], ignore), a).length === 0, 'the dead one to be gone');
    });

    test('tells when engines come and when they go', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      await a.locks.join(['x']);
      let changeCount = 0;
      const changed = () => {
        changeCount += 1;
      };
      await a.locks.look([], changed);
      await b.locks.join(['x']);
      await waitFor(() => changeCount > 0, 'word of the one that came');
      await a.locks.look([], changed);
      changeCount = 0;
      await b.locks.leave();
      await waitFor(() => changeCount > 0, 'word of the one that went');
    });

    test('a free partition is had at once, and its owner is seen by all', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      const [at, other] = partitionsOf(2);
      assert.ok(at !== undefined && other !== undefined);
      const lock = await a.locks.acquire(at, forever());
      const { lines } = await b.locks.look([at, other], ignore);
      assert.deepEqual(lines, [
        { partition: at, owner: a.instance, waitingCount: 0 },
        { partition: other, owner: undefined, waitingCount: 0 },
      ]);
      await lock.release();
      assert.equal((await b.locks.look([at], ignore)).lines[0]?.owner, undefined);
    });

    test('a partition has one owner at a time; who waits is counted, and follows', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      const [at] = partitionsOf(1);
      assert.ok(at !== undefined);
      const first = await a.locks.acquire(at, forever());
      let isHeld = false;
      const second = b.locks.acquire(at, forever()).then((lock) => {
        isHeld = true;
        return lock;
      });
      const lineOf = async () => (await a.locks.look([at], ignore)).lines[0];
      await waitFor(async () => (await lineOf())?.waitingCount === 1, 'the second in the line');
      assert.equal(isHeld, false);
      await first.release();
      const lock = await second;
      assert.deepEqual(await lineOf(), { partition: at, owner: b.instance, waitingCount: 0 });
      assert.ok(lock.fence.epoch > first.fence.epoch);
      await lock.release();
    });

    test('an engine that gives up waiting leaves the line', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      const [at] = partitionsOf(1);
      assert.ok(at !== undefined);
      const held = await a.locks.acquire(at, forever());
      const impatient = new AbortController();
      const gaveUp = b.locks.acquire(at, impatient.signal);
      const waiting = async () => (await a.locks.look([at], ignore)).lines[0]?.waitingCount;
      await waitFor(async () => (await waiting()) === 1, 'the second in the line');
      impatient.abort();
      await assert.rejects(gaveUp, { code: 'ABORTED' });
      await waitFor(async () => (await waiting()) === 0, 'the second to leave');
      await held.release();
      await assert.rejects(b.locks.acquire(at, AbortSignal.abort()), { code: 'ABORTED' });
    });

    test('the owner is told when a stranger removes its node, and its other locks stay', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      const [at, other] = partitionsOf(2);
      assert.ok(at !== undefined && other !== undefined);
      const [lost, kept] = [await a.locks.acquire(at, forever()), await a.locks.acquire(other, forever())];
      await bench.removeNode(lost.fence.lockPath);
      await waitFor(() => lost.lost.aborted, 'the owner to learn of it');
      const next = await b.locks.acquire(at, forever());
      assert.equal(kept.lost.aborted, false);
      await Promise.all([next.release(), kept.release()]);
    });

    test('what a dead engine owned is free, whoever waits', async () => {
      const [a, b] = [await bench.engine(), await bench.engine()];
      const [at] = partitionsOf(1);
      assert.ok(at !== undefined);
      const held = await a.locks.acquire(at, forever());
      const next = b.locks.acquire(at, forever());
      await a.die();
      await (await next).release();
      await waitFor(() => held.lost.aborted, 'the dead one to know');
    });
  });
}
