import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TimeLine } from './time-line.js';

const few = fc.integer({ min: 0, max: 5 });

describe('a time line', () => {
  it('gives entries by time, then tie, then order, whatever came and went in between', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.record({ atMs: few, tie: few }), fc.constant('pop' as const))), (steps) => {
        const line = new TimeLine<{ atMs: number; tie: number; order: number }>();
        const expected: { atMs: number; tie: number; order: number }[] = [];
        for (const [order, step] of steps.entries()) {
          if (step === 'pop') {
            expected.sort((a, b) => a.atMs - b.atMs || a.tie - b.tie || a.order - b.order);
            assert.equal(line.firstAtMs(), expected[0]?.atMs ?? Number.POSITIVE_INFINITY);
            assert.equal(line.pop(), expected.shift());
          } else {
            const entry = { ...step, order };
            expected.push(entry);
            line.push(entry.atMs, entry);
          }
        }
      }),
    );
  });
});
