import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingBench } from '../../support/waiting-bench.js';

test('what a host wrote whose clock is an hour ahead is given when its pause is over (T2)', async () => {
  const bench = new WaitingBench();
  bench.resume(0);
  await bench.clock.advance(0);
  const aheadMs = bench.clock.nowMs() + 3_600_000;
  bench.write({ notBeforeMs: aheadMs + 30_000, recordedAtMs: aheadMs });
  bench.write({ notBeforeMs: aheadMs + 7_200_000, recordedAtMs: aheadMs });
  // Kafka was away, and it was written when its time had come.
  bench.write({ notBeforeMs: aheadMs, recordedAtMs: aheadMs + 1_000 });
  bench.write({ notBeforeMs: bench.clock.nowMs() + 20_000, recordedAtMs: bench.clock.nowMs() - 10_000 });
  await bench.clock.advance(7_200_000);
  assert.deepEqual(
    bench.given.map(({ atMonoMs, parcel }) => [atMonoMs, parcel.position.offset]),
    [
      [0, 2n],
      [20_000, 3n],
      [30_000, 0n],
      [7_200_000, 1n],
    ],
  );
  await bench.end();
  assert.equal(bench.failure, undefined);
});
