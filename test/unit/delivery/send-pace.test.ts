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

  test('forgets the turns of a storm whose alarms never come back', async () => {
    const clock = new FakeClock();
    const pace = new SendPace(clock, 4);
    for (let at = 0; at < 1500; at += 1) await pace.turn('a', 0.5, never);
    await clock.advance(60_000);
    assert.deepEqual(await pace.turn('a', 0.5, never), { kind: 'go' });
    assert.deepEqual(await pace.turn('a', 0.5, never), { kind: 'put_off', notBeforeMonoMs: 60_000 + 2 * 8_000 });
  });

  test('puts nobody off for more than five minutes, or the end of a pause and five more', async () => {
    const clock = new FakeClock();
    const pace = new SendPace(clock, 4);
    const waitsMs: number[] = [];
    for (let at = 0; at < 1500; at += 1) {
      const turn = await pace.turn('a', 0.5, never);
      if (turn.kind === 'put_off') waitsMs.push(turn.notBeforeMonoMs);
    }
    assert.equal(waitsMs.length, 1499);
    assert.ok(Math.max(...waitsMs) <= 8_000 + 300_000);
    const togetherCount = (ms: number) => waitsMs.filter((other) => Math.abs(other - ms) < 4_000).length;
    const mostCount = Math.max(...waitsMs.map(togetherCount));
    assert.ok(mostCount < (1.2 * 1499) / (150 / 8), `${mostCount} come back at once`);
    pace.hold('a', 3_600_000);
    const held = await pace.turn('a', 0.5, never);
    assert.ok(held.kind === 'put_off' && held.notBeforeMonoMs > 3_600_000 && held.notBeforeMonoMs <= 3_900_000);
    const rare = new SendPace(clock, 4);
    await rare.turn('a', 0.001, never);
    const turns = [await rare.turn('a', 0.001, never), await rare.turn('a', 0.001, never)];
    assert.deepEqual(
      turns.map((turn) => turn.kind === 'put_off' && turn.notBeforeMonoMs),
      [8_000_000, 8_000_000],
    );
  });

  test('sends all of a storm that comes back, at the rate, and puts each off a few times', async () => {
    const clock = new FakeClock();
    const pace = new SendPace(clock, 1);
    const count = 1_000;
    const comingAtMs = Array.from({ length: count }, (_, at) => at);
    let putOffCount = 0;
    let sentCount = 0;
    while (comingAtMs.length > 0) {
      comingAtMs.sort((one, other) => one - other);
      const atMs = comingAtMs.shift() ?? 0;
      await clock.advance(Math.max(0, atMs - clock.monoMs()));
      void pace.turn('a', 1, never).then((turn) => {
        if (turn.kind === 'go') sentCount += 1;
        if (turn.kind !== 'put_off') return;
        putOffCount += 1;
        comingAtMs.push(turn.notBeforeMonoMs + (putOffCount % 5_000));
      });
      await clock.advance(0);
    }
    await clock.advance(5_000);
    assert.equal(sentCount, count);
    assert.ok(clock.monoMs() < 1.2 * count * 1_000, `all sent after ${clock.monoMs() / 1_000} s`);
    assert.ok(putOffCount < 6 * count, `put off ${putOffCount} times`);
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
