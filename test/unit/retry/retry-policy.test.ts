import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs, retryPolicy } from '../../../src/retry/retry-policy.js';

const pauses = { baseMs: 30_000, capMs: 300_000 };

test('pauses double from the interval to the cap, in their upper half', () => {
  for (const [attempt, fullMs] of [
    [2, 30_000],
    [3, 60_000],
    [4, 120_000],
    [5, 240_000],
    [6, 300_000],
    [5000, 300_000],
  ] as const) {
    assert.equal(
      retryDelayMs(attempt, pauses, 0, () => 0),
      fullMs / 2,
    );
    assert.equal(
      retryDelayMs(attempt, pauses, 0, () => 0.999999999),
      fullMs,
    );
  }
});

test('a pause that the receiver asks for wins when it is longer, and what it asked for together is spread', () => {
  const policy = retryPolicy({ ...pauses, maxAttempts: 5 }, () => 0.5);
  assert.equal(policy.delayMs(2, 90_000), 97_500);
  assert.equal(policy.delayMs(2, 1000), 22_500);
});
