import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { leaseEndsAtMonoMs, leaseMarginMs } from '../../../src/ownership/lease-clock.js';

/** When a lease ends of which a request was sent and answered at these times, in a session of this length. */
type LeaseEnd = (sentAtMonoMs: number, answeredAtMonoMs: number, sessionMs: number) => number;

const lease: LeaseEnd = (sentAtMonoMs, _answeredAtMonoMs, sessionMs) =>
  leaseEndsAtMonoMs(sentAtMonoMs, sessionMs, leaseMarginMs(sessionMs));

/** Tests of the tests: leases with one fault each. */
const mutants: Readonly<Record<string, LeaseEnd>> = {
  'counts from the answer': (_sent, answered, sessionMs) =>
    leaseEndsAtMonoMs(answered, sessionMs, leaseMarginMs(sessionMs)),
  'lasts as long as the session': (sent, _answered, sessionMs) => leaseEndsAtMonoMs(sent, sessionMs, 0),
  'has a margin of one second whatever the session': (sent, _answered, sessionMs) =>
    leaseEndsAtMonoMs(sent, sessionMs, 1000),
  'has a margin longer than it is worth': (sent, _answered, sessionMs) =>
    leaseEndsAtMonoMs(sent, sessionMs, 2 * leaseMarginMs(sessionMs)),
};

/** The server counts from a moment between sending and answer; a send begun under the lease must be over when the session may end. */
function checkLease(lease: LeaseEnd, settings: { readonly seed?: number }): void {
  const session = fc.integer({ min: 500, max: 60_000 });
  const property = fc.property(session, fc.nat(), fc.nat({ max: 60_000 }), (sessionMs, sentAtMonoMs, travelMs) => {
    const endsAtMonoMs = lease(sentAtMonoMs, sentAtMonoMs + travelMs, sessionMs);
    const marginMs = Math.min(1000, sessionMs / 3);
    assert.ok(endsAtMonoMs <= sentAtMonoMs + sessionMs - marginMs);
    assert.ok(endsAtMonoMs <= sentAtMonoMs + (sessionMs * 5) / 6);
    assert.ok(endsAtMonoMs >= sentAtMonoMs + sessionMs / 2);
  });
  fc.assert(property, settings);
}

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

  test('a lease ends before its session, however late the answer came, and is worth something', () => {
    checkLease(lease, {});
  });
});

describe('the property that the lease clock passes', () => {
  for (const [fault, mutant] of Object.entries(mutants)) {
    test(`rejects a lease that ${fault}`, () => {
      assert.throws(() => checkLease(mutant, { seed: 1 }), /Property failed/);
    });
  }
});
