import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { evaluationAfter, sharesOf } from '../../../../src/producers/alert-exec/alert-times.js';

describe('the times of an alert', () => {
  it('are the first ticks at or after its due times, a share into them, each once', () => {
    const anyCase = fc.record({
      startMonoMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      tickMs: fc.integer({ min: 1, max: 15 }).map((seconds) => seconds * 1_000),
      intervalMs: fc.integer({ min: 1, max: 100_000 }),
      shareMs: fc.integer({ min: 0, max: 999 }),
    });
    fc.assert(
      fc.property(anyCase, ({ startMonoMs, tickMs, intervalMs, shareMs }) => {
        const alert = { dueMonoMs: startMonoMs, intervalMs, shareMs };
        const got: number[] = [];
        for (let at = startMonoMs - 1e-3; got.length < 20; at = got.at(-1) ?? 0) {
          got.push(evaluationAfter({ startMonoMs, tickMs }, alert, at));
        }
        const ticks = new Set<number>();
        for (let k = 0; ticks.size < 20; k += 1) ticks.add(Math.ceil((k * intervalMs) / tickMs));
        const expected = [...ticks].map((tick) => startMonoMs + tick * tickMs + shareMs);
        for (const [index, at] of got.entries()) assert.ok(Math.abs(at - (expected[index] ?? 0)) < 1e-3);
      }),
    );
  });
});

describe('the shares of alerts in a tick', () => {
  it('spread each group over it, the first at once', () => {
    assert.deepEqual(sharesOf([15_000, 15_000, 15_000, 15_000], 2, 900), [0, 0, 300, 300]);
    assert.deepEqual(sharesOf([15_000], 1, 1_000), [0]);
    assert.deepEqual(sharesOf([], 1, 1_000), []);
  });

  it('spread very many over more than a tick, as far as the shortest interval leaves time', () => {
    const last = (count: number, intervalMs: number) => sharesOf(Array(count).fill(intervalMs), 2, 1_000).at(-1) ?? 0;
    assert.ok(last(250, 15_000) < 1_000);
    assert.ok(last(1_000, 15_000) > 3_900 && last(1_000, 15_000) < 4_000);
    assert.ok(last(10_000, 15_000) > 14_900 && last(10_000, 15_000) < 15_000);
    assert.ok(last(10_000, 500) < 1_000);
  });
});
