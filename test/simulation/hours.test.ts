import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMutants } from './mutants/day-mutants.js';
import { runDay } from './run.js';

/** Among them three in which receivers fail for long enough that retries come due. */
const hours = [2, 5, 9, 13];
const mostMutantHours = 10;

describe('hours of retries and repeats', () => {
  it('keep every promise, and are the same for the same number', async () => {
    const sums = { retries: 0, repeats: 0 };
    for (const number of hours) {
      const hour = await runDay(number, { hours: 1 });
      assert.deepEqual(hour.violations, [], `number ${number}`);
      sums.retries += hour.retryCount;
      sums.repeats += hour.periodicCount;
    }
    assert.ok(sums.retries > 5 && sums.repeats > 100, JSON.stringify(sums));
    assert.equal((await runDay(1, { hours: 0.2 })).hash, (await runDay(1, { hours: 0.2 })).hash);
  });

  for (const mutant of dayMutants) {
    it(`show an engine that ${mutant.name}`, async () => {
      for (let number = 1; number <= mostMutantHours; number += 1) {
        const { violations } = await runDay(number, { hours: 1, mutant });
        if (violations.length > 0) return;
      }
      assert.fail('nothing was seen');
    });
  }
});
