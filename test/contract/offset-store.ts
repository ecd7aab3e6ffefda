import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { EngineError } from '../../src/domain/errors.js';
import type { Commit, Fence, OffsetStore } from '../../src/ports/progress.js';

export interface OffsetStoreBench {
  readonly store: OffsetStore;
  /** Another engine's view of the same offsets. */
  readonly other: OffsetStore;
  /** Takes a lock that fences commits. */
  lock(): Promise<Fence>;
  /** Removes the lock node. */
  unlock(fence: Fence): Promise<void>;
  close(): Promise<void>;
}

/** What every OffsetStore keeps. */
export function offsetStoreContract(name: string, open: () => Promise<OffsetStoreBench>): void {
  describe(`offset store: ${name}`, () => {
    let bench: OffsetStoreBench;
    before(async () => {
      bench = await open();
    });
    after(() => bench.close());

    const partitionOf = (partition = 0) => ({ topic: `alarms-${randomUUID()}`, partition });
    const commit = (nextToRead: bigint, bits: readonly number[] = [], at = partitionOf()): Commit => ({
      partition: at,
      stored: { nextToRead, finishedAbove: new Uint8Array(bits) },
    });

    test('nothing is stored at first', async () => {
      assert.equal(await bench.store.load(partitionOf()), undefined);
    });

    test('what was saved is loaded again, by another engine too', async () => {
      const fence = await bench.lock();
      const saved = commit(42n, [0b10, 0xff, 1]);
      await bench.store.save([saved], fence);
      assert.deepEqual(await bench.store.load(saved.partition), saved.stored);
      assert.deepEqual(await bench.other.load(saved.partition), saved.stored);
    });

    test('offset 0 and the highest offset are kept exactly', async () => {
      const fence = await bench.lock();
      const at = partitionOf();
      for (const offset of [0n, 9_007_199_254_740_993n, 0x7fff_ffff_ffff_ffffn]) {
        await bench.store.save([commit(offset, [], at)], fence);
        assert.equal((await bench.store.load(at))?.nextToRead, offset);
      }
    });

    test('saves many partitions at once, and again', async () => {
      const fence = await bench.lock();
      const commits = Array.from({ length: 150 }, (_, index) => commit(BigInt(index), [index & 0xff, 1]));
      await bench.store.save(commits, fence);
      await bench.store.save(commits, fence);
      for (const { partition, stored } of commits) assert.deepEqual(await bench.store.load(partition), stored);
    });

    test('keeps a full set of 500,000 offsets beside a full one of 20,000', async () => {
      const fence = await bench.lock();
      const sizes = [20_000 / 8, 500_000 / 8];
      const commits = sizes.map((bytes) => commit(1n, [...new Uint8Array(bytes).fill(0b1010_1010)]));
      await bench.store.save(commits, fence);
      for (const { partition, stored } of commits) assert.deepEqual(await bench.store.load(partition), stored);
    });

    test('refuses a commit whose lock is gone, and changes nothing', async () => {
      const fence = await bench.lock();
      const first = commit(10n);
      await bench.store.save([first], fence);
      await bench.unlock(fence);
      const refused = bench.store.save([commit(20n, [], first.partition), commit(7n)], fence);
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, 'FENCED');
        assert.equal(error.retriable, false);
        return true;
      });
      assert.deepEqual(await bench.other.load(first.partition), first.stored);
    });

    test('after a take-over the former holder is refused and the new one is not', async () => {
      const former = await bench.lock();
      const at = partitionOf();
      await bench.store.save([commit(13n, [], at)], former);
      await bench.unlock(former);
      const present = await bench.lock();
      await bench.other.save([commit(20n, [], at)], present);
      await assert.rejects(bench.store.save([commit(14n, [], at)], former), { code: 'FENCED' });
      assert.equal((await bench.store.load(at))?.nextToRead, 20n);
    });
  });
}
