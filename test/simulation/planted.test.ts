/** Tests of the tests: engines with one fault planted. Each must be seen from outside. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allMutants } from './mutants/all-mutants.js';
import type { Mutant } from './mutants/mutant.js';
import { runSchedule } from './run.js';

const mostSchedules = 600;

/** Where each fault showed when this was written: a place to look first, not where it must show. */
const hints: Readonly<Record<string, number>> = {};

describe('the simulation sees an engine that', () => {
  for (const mutant of allMutants) {
    it(mutant.name, async () => {
      assert.notEqual(await firstFailing(mutant), undefined);
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
