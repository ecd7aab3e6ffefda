import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { backOffMs } from '../../../src/domain/back-off.js';

const pauses = { firstMs: 100, longestMs: 5_000 };

describe('a pause after failures', () => {
  it('doubles from the first to the longest, and stays there', () => {
    const full = [1, 2, 3, 4, 5, 6, 7, 8, 100_000].map((failures) => backOffMs(pauses, failures, () => 1));
    assert.deepEqual(full, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('is cut by up to half', () => {
    assert.deepEqual(
      [1, 2, 7].map((failures) => backOffMs(pauses, failures, () => 0)),
      [50, 100, 2_500],
    );
    assert.equal(
      backOffMs(pauses, 1, () => 0.5),
      75,
    );
  });

  it('is never shorter than half the first nor longer than the longest', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1 }), chance, (failures, random) => {
        const ms = backOffMs(pauses, failures, () => random);
        assert.ok(ms >= 50 && ms <= 5_000, String(ms));
      }),
    );
  });
});
