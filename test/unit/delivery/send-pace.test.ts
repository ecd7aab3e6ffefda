import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SendPace } from '../../../src/delivery/send-pace.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

const never = new AbortController().signal;
setMaxListeners(0, never);

describe('the pace of sends', () => {
  test('lets a burst of five seconds out at once, then one per interval', async () => {
    const clock = new FakeClock();
    const pace = new SendPace(clock, 1);
    const atMs: number[] = [];
    for (let at = 0; at < 13; at += 1) {
      void pace.turn('a', 2, never).then(({ kind }) => kind === 'go' && atMs.push(clock.monoMs()));
    }
    await clock.advance(10_000);
    assert.deepEqual(atMs, [...Array(10).fill(0), 500, 1000, 1500]);
  });

  test('shares a rate out among the workers, and puts off to turns one after the other', async () => {
    const pace = new SendPace(new FakeClock(), 4);
    assert.deepEqual(await pace.turn('a', 1, never), { kind: 'go' });
    const later = await Promise.all([0, 1, 2].map(() => pace.turn('a', 1, never)));
    assert.deepEqual(
      later.map((turn) => turn.kind === 'put_off' && turn.notBeforeMonoMs),
      [8000, 12_000, 16_000],
    );
  });

  test('is over when the item is given up', async () => {
    const pace = new SendPace(new FakeClock(), 1);
    for (let at = 0; at < 5; at += 1) await pace.turn('a', 1, never);
    const giveUp = new AbortController();
    const turn = pace.turn('a', 1, giveUp.signal);
    giveUp.abort();
    assert.deepEqual(await turn, { kind: 'aborted' });
  });

  test('remembers nothing of names without a rate, and forgets buckets that are full again', async () => {
    const clock = new FakeClock();
    const pace = new SendPace(clock, 1);
    await pace.turn('free', undefined, never);
    assert.equal(pace.size, 0);
    pace.hold('held', 1000);
    for (let at = 0; at < 100; at += 1) await pace.turn(`a${at}`, 10, never);
    await clock.advance(5000);
    await pace.turn('last', 10, never);
    assert.equal(pace.size, 1);
  });

  test('never exceeds rate and burst in any stretch of time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.nat(900), { maxLength: 120 }),
        async (perSecond, gaps) => {
          const clock = new FakeClock();
          const pace = new SendPace(clock, 1);
          const wentAtMs: number[] = [];
          for (const gap of gaps) {
            await clock.advance(gap);
            void pace.turn('a', perSecond, never).then(({ kind }) => kind === 'go' && wentAtMs.push(clock.monoMs()));
          }
          await clock.advance(10_000);
          const burst = perSecond * 5;
          wentAtMs.forEach((fromMs, first) => {
            const last = first + burst;
            const untilMs = wentAtMs[last];
            if (untilMs !== undefined) assert.ok(untilMs - fromMs >= 1000 / perSecond - 1e-6);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});
