import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gate } from './gate-size.js';
import { type RunKind, runMany, type Sums } from './many.js';
import { regressions } from './regressions.js';
import { runSchedule } from './run.js';
import { sweepPoints } from './sweep.js';

/** Runs them all on all cores; every failure is named with the command that shows it. */
async function passes(
  kind: RunKind,
  range: { readonly first: number; readonly count: number; readonly step?: number; readonly isTwice?: boolean },
): Promise<Sums> {
  const failures: string[] = [];
  const sums = await runMany({ kind, ...range }, ({ number, violations }) => {
    const command = `npm run simulate -- ${kind === 'points' ? '--sweep ' : ''}--number ${number}`;
    failures.push(`number ${number}: ${violations[0]}; see ${command}`);
  });
  assert.deepEqual(failures, []);
  assert.equal(sums.runs, range.count);
  return sums;
}

describe('whole engines in a simulated world', () => {
  it(`keep every promise in ${gate.schedules.count} schedules`, async () => {
    const sums = await passes('schedules', gate.schedules);
    assert.ok(sums.repeats > 0, 'without a single repeat, the faults did not hit');
  });

  if (gate.freshSchedules.count > 0)
    it(`keep every promise in ${gate.freshSchedules.count} schedules that belong to this commit, from ${gate.freshSchedules.first}`, async () => {
      await passes('schedules', gate.freshSchedules);
    });

  it('keep every promise in the schedules that failed once', async () => {
    for (const { number, was } of regressions) assert.deepEqual((await runSchedule(number)).violations, [], was);
  });

  it(`do the same for the same number, ${gate.sameCount} times out of ${gate.sameCount}`, async () => {
    await passes('schedules', { first: 1, count: gate.sameCount, isTwice: true });
  });
});

describe('an engine of which one call goes wrong', () => {
  it(`keeps every promise at ${gate.pointCount} of all calls, whether it dies of them, they fail, or their answer is lost (P15)`, async () => {
    const points = await sweepPoints();
    for (const wanted of ['zookeeper', 'kafka', 'mysql', 'receiver', 'ipc'])
      assert.ok(
        points.some(({ kind }) => kind === wanted),
        wanted,
      );
    const step = Math.floor(points.length / gate.pointCount);
    await passes('points', { first: gate.fresh % step, count: gate.pointCount, step });
  });
});
