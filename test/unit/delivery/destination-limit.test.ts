import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DestinationLimit } from '../../../src/delivery/destination-limit.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

const never = new AbortController().signal;
setMaxListeners(0, never);

describe('the limit per destination', () => {
  test('is shared out among the senders, at least one each', async () => {
    for (const [concurrencyPerDestination, senders, share] of [
      [64, 4, 16],
      [10, 4, 3],
      [1, 4, 1],
    ] as const) {
      const limit = new DestinationLimit({ concurrencyPerDestination, senders }, new FakeClock());
      for (let at = 0; at < share; at += 1) assert.equal(await limit.enter('a', never), 'entered');
      const giveUp = new AbortController();
      const over = limit.enter('a', giveUp.signal);
      giveUp.abort();
      assert.equal(await over, 'aborted');
    }
  });

  test('lets in first who came first, and no other destination waits', async () => {
    const limit = new DestinationLimit({ concurrencyPerDestination: 1, senders: 1 }, new FakeClock());
    const order: number[] = [];
    await limit.enter('slow', never);
    const waiting = [1, 2, 3].map((at) => limit.enter('slow', never).then(() => order.push(at)));
    assert.equal(await limit.enter('fast', never), 'entered');
    for (let at = 0; at < 3; at += 1) limit.leave('slow');
    await Promise.all(waiting);
    assert.deepEqual(order, [1, 2, 3]);
  });

  test('never exceeds its bound, loses no place and forgets what is over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('enter', 'leave', 'abort'), fc.nat(2)), { maxLength: 60 }),
        async (steps) => {
          const limit = new DestinationLimit({ concurrencyPerDestination: 2, senders: 1 }, new FakeClock());
          const inside = new Map<string, number>();
          const waiting: { readonly name: string; readonly giveUp: AbortController }[] = [];
          const turns: Promise<void>[] = [];
          for (const [step, at] of steps) {
            const name = `d${at}`;
            if (step === 'enter') {
              const entry = { name, giveUp: new AbortController() };
              waiting.push(entry);
              turns.push(
                limit.enter(name, entry.giveUp.signal).then((end) => {
                  if (end === 'entered') inside.set(name, (inside.get(name) ?? 0) + 1);
                }),
              );
            } else if (step === 'leave' && (inside.get(name) ?? 0) > 0) {
              inside.set(name, (inside.get(name) ?? 0) - 1);
              limit.leave(name);
            } else if (step === 'abort') waiting[at]?.giveUp.abort();
            await new Promise(setImmediate);
            for (const count of inside.values()) assert.ok(count <= 2);
          }
          for (const { giveUp } of waiting) giveUp.abort();
          await Promise.all(turns);
          for (const [name, count] of inside) for (let at = 0; at < count; at += 1) limit.leave(name);
          assert.equal(limit.size, 0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('lets a burst wait where sends end, however many they are', async () => {
    const clock = new FakeClock();
    const limit = new DestinationLimit({ concurrencyPerDestination: 16, senders: 1 }, clock);
    const ends: string[] = [];
    for (let at = 0; at < 500; at += 1) void limit.enter('busy', never).then((end) => ends.push(end));
    for (let round = 0; round < 31; round += 1) {
      await clock.advance(300);
      for (let at = 0; at < 16; at += 1) limit.leave('busy');
    }
    await clock.advance(0);
    assert.equal(ends.length, 500);
    assert.deepEqual(new Set(ends), new Set(['entered']));
  });

  test('puts off the newest where nothing ends, and holds only what can be served soon', async () => {
    const clock = new FakeClock();
    const limit = new DestinationLimit({ concurrencyPerDestination: 16, senders: 1 }, clock);
    const ends = new Map<number, string>();
    for (let at = 0; at < 500; at += 1) void limit.enter('hung', never).then((end) => ends.set(at, end));
    await clock.advance(2750);
    assert.equal(ends.size, 16, 'a silence this short is no reason');
    await clock.advance(1250);
    // 16 under way for 4 s without one end: 80 could be served in 20 s.
    assert.equal([...ends.values()].filter((end) => end === 'put_off').length, 500 - 16 - 80);
    assert.equal(ends.get(499), 'put_off');
    await clock.advance(1000);
    assert.equal(await limit.enter('other', never), 'entered');
    assert.equal([...ends.values()].filter((end) => end === 'put_off').length, 500 - 16 - 64);
    for (let at = 0; at < 80; at += 1) limit.leave('hung');
    await clock.advance(250);
    assert.deepEqual([ends.get(79), ends.size, clock.waitingCount], ['entered', 500, 0]);
  });

  test('puts off nothing because this process was kept from seeing what ended', async () => {
    const clock = new FakeClock();
    const limit = new DestinationLimit({ concurrencyPerDestination: 16, senders: 1 }, clock);
    let putOffCount = 0;
    for (let at = 0; at < 500; at += 1) {
      void limit.enter('busy', never).then((end) => {
        if (end === 'put_off') putOffCount += 1;
      });
    }
    clock.freezeFor(5000);
    await clock.advance(250);
    for (let at = 0; at < 16; at += 1) limit.leave('busy');
    await clock.advance(250);
    assert.equal(putOffCount, 0);
  });

  test('does not let a receiver that trickles answers hold the hands that others need', async () => {
    const clock = new FakeClock();
    const limit = new DestinationLimit({ concurrencyPerDestination: 16, senders: 1 }, clock);
    let openCount = 0;
    for (let second = 0; second < 120; second += 1) {
      for (let at = 0; at < 20; at += 1) {
        openCount += 1;
        void limit.enter('trickle', never).then((end) => {
          if (end === 'put_off') openCount -= 1;
        });
      }
      await clock.advance(900);
      limit.leave('trickle');
      openCount -= 1;
    }
    assert.ok(openCount <= 16 + 67, `${openCount} in hand`);
  });
});
