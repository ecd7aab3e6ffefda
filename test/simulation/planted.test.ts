/**
 * Tests of the tests: engines with one fault planted. Each must be seen from outside.
 *
 * Among them are the ancestor's faults E2 to E4. Its E5, an alarm that finishes twice, cannot happen to a whole engine: the ledger takes no
 * second answer. It is planted where it can be seen, in unit/tracker/mutants.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allMutants } from './mutants/all-mutants.js';
import type { Mutant } from './mutants/mutant.js';
import { runSchedule } from './run.js';
import { runPoint, sweepPoints } from './sweep.js';

const mostSchedules = 600;

/** Where each fault showed when this was written: a place to look first, not where it must show. */
const hints: Readonly<Record<string, number>> = {
  'commits without a look at its lock': 2_034,
  'goes on in a new term with what it held in the old one': 119,
  'does not see the locks of the other mode': 85,
};

describe('the simulation sees an engine that', () => {
  for (const mutant of allMutants) {
    it(mutant.name, async () => {
      assert.notEqual(await firstFailing(mutant), undefined);
    });
  }
});

describe('the sweep through all calls sees an engine that', () => {
  /** Points at which each fault showed when this was written. */
  for (const [name, from] of [
    ['forgets what a dead worker held', 873],
    ['takes a failed send for a finished one', 776],
  ] as const) {
    it(name, async () => {
      const points = await sweepPoints();
      const mutant = allMutants.find((each) => each.name === name);
      assert.ok(mutant);
      for (let index = from; index < points.length; index += 97) {
        const { violations } = await runPoint(points, index, { mutant });
        if (violations.length > 0) return;
      }
      assert.fail('nothing was seen');
    });
  }
});

async function firstFailing(mutant: Mutant): Promise<number | undefined> {
  const hint = hints[mutant.name];
  const numbers = Array.from({ length: mostSchedules }, (_, index) => index + 1);
  for (const number of hint === undefined ? numbers : [hint, ...numbers]) {
    const { violations } = await runSchedule(number, { mutant });
    if (violations.length > 0) return number;
  }
  return undefined;
}
