import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DestinationLimit } from '../../../src/delivery/destination-limit.js';

const never = new AbortController().signal;

describe('the limit per destination', () => {
  test('is shared out among the senders, at least one each', async () => {
    for (const [concurrencyPerDestination, senders, share] of [
      [64, 4, 16],
      [10, 4, 3],
      [1, 4, 1],
    ] as const) {
      const limit = new DestinationLimit({ concurrencyPerDestination, senders });
      for (let at = 0; at < share; at += 1) assert.equal(await limit.enter('a', never), true);
      const giveUp = new AbortController();
      const over = limit.enter('a', giveUp.signal);
      giveUp.abort();
      assert.equal(await over, false);
    }
  });

  test('lets in first who came first, and no other destination waits', async () => {
    const limit = new DestinationLimit({ concurrencyPerDestination: 1, senders: 1 });
    const order: number[] = [];
    await limit.enter('slow', never);
    const waiting = [1, 2, 3].map((at) => limit.enter('slow', never).then(() => order.push(at)));
    assert.equal(await limit.enter('fast', never), true);
    for (let at = 0; at < 3; at += 1) limit.leave('slow');
    await Promise.all(waiting);
    assert.deepEqual(order, [1, 2, 3]);
  });

  test('never exceeds its bound, loses no place and forgets what is over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('enter', 'leave', 'abort'), fc.nat(2)), { maxLength: 60 }),
        async (steps) => {
          const limit = new DestinationLimit({ concurrencyPerDestination: 2, senders: 1 });
          const inside = new Map<string, number>();
          const waiting: { readonly name: string; readonly giveUp: AbortController }[] = [];
          const turns: Promise<void>[] = [];
          for (const [step, at] of steps) {
            const name = `d${at}`;
            if (step === 'enter') {
              const entry = { name, giveUp: new AbortController() };
              waiting.push(entry);
              turns.push(
                limit.enter(name, entry.giveUp.signal).then((isIn) => {
                  if (isIn) inside.set(name, (inside.get(name) ?? 0) + 1);
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
});
