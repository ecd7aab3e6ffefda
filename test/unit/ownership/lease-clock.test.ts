import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { leaseEndsAtMonoMs, leaseMarginMs } from '../../../src/ownership/lease-clock.js';

describe('lease clock', () => {
  for (const [sessionMs, marginMs] of [
    [40_000, 40_000 / 6],
    [10_000, 10_000 / 6],
    [6000, 1000],
    [4000, 1000],
    [3000, 1000],
    [1500, 500],
  ] as const) {
    test(`the margin of a session of ${sessionMs} ms is ${Math.round(marginMs)} ms`, () => {
      assert.equal(leaseMarginMs(sessionMs), marginMs);
    });
  }

  test('counts from the sending of the request, not from its answer', () => {
    assert.equal(leaseEndsAtMonoMs(1000, 10_000, 2000), 9000);
  });

  test('a lease ends before its session, and is worth something', () => {
    const property = fc.property(fc.integer({ min: 500, max: 60_000 }), fc.nat(), (sessionMs, sentAtMonoMs) => {
      const endsAtMonoMs = leaseEndsAtMonoMs(sentAtMonoMs, sessionMs, leaseMarginMs(sessionMs));
      assert.ok(endsAtMonoMs < sentAtMonoMs + sessionMs);
      assert.ok(endsAtMonoMs >= sentAtMonoMs + sessionMs / 2);
    });
    fc.assert(property);
  });
});
