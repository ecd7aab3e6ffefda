import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WaitingBench } from '../../support/waiting-bench.js';

describe('what waits for room in the flow', () => {
  it('lets go of room that came when its partition was paused', async () => {
    const bench = new WaitingBench();
    bench.resume(0);
    await bench.clock.advance(0);
    let open = () => {};
    bench.room = new Promise((resolve) => {
      open = resolve;
    });
    bench.write({ notBeforeMs: bench.clock.nowMs() });
    await bench.clock.advance(500);
    bench.pause(0);
    const before = bench.doneCount;
    open();
    await bench.clock.advance(1_000);
    assert.deepEqual([bench.givenOffsets(), bench.doneCount - before], [[], 1]);
    await bench.end();
    assert.equal(bench.failure, undefined);
  });
});
