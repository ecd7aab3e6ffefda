import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CircuitBreaker } from '../../../src/delivery/circuit-breaker.js';

const limits = { failuresToOpen: 3, firstPauseMs: 1000, longestPauseMs: 4000 };

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(limits);
  for (let at = 0; at < 3; at += 1) breaker.failed('send', 0);
  return breaker;
}

describe('a circuit breaker', () => {
  test('opens with the last of so many failures in a row, and a success between them counts', () => {
    const breaker = new CircuitBreaker(limits);
    assert.deepEqual([breaker.failed('send', 0), breaker.failed('send', 0)], [false, false]);
    breaker.succeeded();
    assert.deepEqual(
      [0, 0, 0].map((at) => breaker.failed('send', at)),
      [false, false, true],
    );
    assert.deepEqual(breaker.admit(0), { kind: 'wait', untilMonoMs: 1000, pauseMs: 1000 });
  });

  test('lets one probe out after the pause, and doubles the pause up to the longest when it fails', () => {
    const breaker = opened();
    let nowMonoMs = 0;
    for (const pauseMs of [1000, 2000, 4000, 4000]) {
      assert.equal(breaker.admit(nowMonoMs + pauseMs - 1).kind, 'wait');
      nowMonoMs += pauseMs;
      assert.equal(breaker.admit(nowMonoMs).kind, 'probe');
      assert.equal(breaker.admit(nowMonoMs).kind, 'wait');
      breaker.failed('probe', nowMonoMs);
    }
    breaker.admit(nowMonoMs + 4000);
    assert.equal(breaker.succeeded(), true);
    assert.deepEqual([breaker.isOpen, breaker.pauseMs], [false, 1000]);
  });

  test('does not care about failures that come late, and lets another probe out for one that was given up', () => {
    const breaker = opened();
    breaker.failed('send', 900);
    assert.equal(breaker.admit(1000).kind, 'probe');
    breaker.failed('send', 1001);
    assert.equal(breaker.admit(1001).kind, 'wait');
    breaker.abandoned('probe');
    assert.equal(breaker.admit(1001).kind, 'probe');
  });

  test('never sends to what is open but for one probe at a time, and never stays open without a way back', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom('admit' as const, 'succeed' as const, 'fail' as const, 'give up' as const) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const breaker = new CircuitBreaker(limits);
        const out: ('send' | 'probe')[] = [];
        let nowMonoMs = 0;
        let inARow = 0;
        for (const one of steps) {
          const wasOpen = breaker.isOpen;
          if (one.do === 'wait') nowMonoMs += one.ms;
          else if (one.do === 'admit') {
            const { kind } = breaker.admit(nowMonoMs);
            if (kind !== 'wait') out.push(kind);
            assert.ok(!wasOpen || kind !== 'send');
          } else {
            const kind = out.shift();
            if (kind === undefined) continue;
            if (one.do === 'succeed') {
              breaker.succeeded();
              inARow = 0;
              assert.equal(breaker.isOpen, false);
            } else if (one.do === 'give up') breaker.abandoned(kind);
            else {
              const hasOpened = breaker.failed(kind, nowMonoMs);
              if (!wasOpen) inARow += 1;
              assert.equal(hasOpened, !wasOpen && inARow === 3);
            }
          }
          if (!breaker.isOpen && inARow >= 3) inARow = 0;
          assert.ok(breaker.pauseMs <= limits.longestPauseMs);
        }
        for (const kind of out) breaker.abandoned(kind);
        assert.notEqual(breaker.admit(nowMonoMs + limits.longestPauseMs).kind, 'wait');
      }),
      { numRuns: 2000 },
    );
  });
});
