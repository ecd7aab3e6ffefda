import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FixedRate, gridAfter, type Recurring } from '../../../src/producers/fixed-rate.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

/** Runs at 0, `everyMs`, … and takes `takesMs` each time. */
function job(clock: FakeClock, everyMs: number, takesMs: () => number = () => 0) {
  const starts: number[] = [];
  const overlaps: number[] = [];
  const recurring: Recurring = {
    nextAfter: (monoMs) => gridAfter(0, everyMs, monoMs),
    run: async (scheduledMonoMs) => {
      starts.push(scheduledMonoMs);
      await clock.sleep(takesMs());
    },
    overlapped: (scheduledMonoMs) => void overlaps.push(scheduledMonoMs),
  };
  return { recurring, starts, overlaps };
}

function running(clock: FakeClock, ...jobs: readonly { recurring: Recurring }[]) {
  const schedule = new FixedRate(clock);
  const stop = new AbortController();
  for (const { recurring } of jobs) schedule.add(recurring, clock.monoMs());
  const ended = schedule.run(stop.signal);
  return { schedule, stop, ended };
}

describe('the fixed rate', () => {
  it('begins at once and does not drift, however long the work takes', async () => {
    const clock = new FakeClock();
    const slow = job(clock, 15_000, () => 450);
    const { stop, ended } = running(clock, slow);
    await clock.advance(60 * 15_000 - 1);
    assert.deepEqual(
      slow.starts,
      Array.from({ length: 60 }, (_, n) => n * 15_000),
    );
    stop.abort();
    await ended;
    assert.equal(clock.waitingCount, 0);
  });

  it('never runs a job beside its previous run, and tells of what it left out', async () => {
    const clock = new FakeClock();
    const slow = job(clock, 1_000, () => 2_500);
    const quick = job(clock, 500);
    running(clock, slow, quick);
    await clock.advance(5_900);
    assert.deepEqual(slow.starts, [0, 3_000]);
    assert.deepEqual(slow.overlaps, [1_000, 2_000, 4_000, 5_000]);
    assert.equal(quick.starts.length, 12);
  });

  it('starts together what falls due within its shortest sleep, late by that at most, and stays in step', async () => {
    const clock = new FakeClock();
    const startedAt: number[] = [];
    const recurring = (offsetMs: number): Recurring => ({
      nextAfter: (monoMs) => gridAfter(offsetMs, 100, monoMs),
      run: async () => void startedAt.push(clock.monoMs()),
      overlapped: () => assert.fail('none takes any time'),
    });
    const schedule = new FixedRate(clock, 5);
    const stop = new AbortController();
    for (const offsetMs of [0, 2, 4, 5, 20, 21]) schedule.add(recurring(offsetMs), 0);
    const ended = schedule.run(stop.signal);
    await clock.advance(130);
    assert.deepEqual(startedAt, [0, 5, 5, 5, 20, 25, 100, 105, 105, 105, 120, 125]);
    stop.abort();
    await ended;
    assert.equal(clock.waitingCount, 0);
  });

  it('runs each job once after a long sleep of the machine, and then goes on in step', async () => {
    const clock = new FakeClock();
    const steady = job(clock, 1_000);
    running(clock, steady);
    await clock.advance(1_500);
    clock.freezeFor(60_000);
    await clock.advance(1_000);
    assert.deepEqual(steady.starts, [0, 1_000, 2_000, 62_000]);
  });

  it('takes jobs up and lets them go while it runs', async () => {
    const clock = new FakeClock();
    const [one, other] = [job(clock, 1_000), job(clock, 700)];
    const { schedule } = running(clock, one);
    await clock.advance(1_000);
    schedule.add(other.recurring, clock.monoMs());
    schedule.remove(one.recurring);
    await clock.advance(2_000);
    assert.deepEqual(one.starts, [0, 1_000]);
    assert.deepEqual(other.starts, [1_400, 2_100, 2_800]);
  });

  it('runs many jobs of different rates each at its own times', async () => {
    const clock = new FakeClock();
    const jobs = Array.from({ length: 50 }, (_, n) => job(clock, 100 + n * 7));
    running(clock, ...jobs);
    await clock.advance(5_000);
    for (const [n, { starts }] of jobs.entries()) {
      assert.deepEqual(
        starts,
        Array.from({ length: Math.floor(5_000 / (100 + n * 7)) + 1 }, (_, k) => k * (100 + n * 7)),
      );
    }
  });
});

describe('a grid', () => {
  it('gives the first time strictly after', () => {
    assert.equal(gridAfter(10, 5, 3), 10);
    assert.equal(gridAfter(10, 5, 10), 15);
    assert.equal(gridAfter(10, 5, 14.9), 15);
  });
});
