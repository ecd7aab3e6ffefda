import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runActors } from '../../../src/digest/run-actors.js';
import { untilAborted } from '../../../src/domain/until-aborted.js';
import type { DigestActor, TakenMessage } from '../../../src/ports/digest.js';

/** An actor that works until it is closed or given up; `fails` makes it end by itself. */
function actor(fails?: Error) {
  const closed = new AbortController();
  const saw: string[] = [];
  const run = async (signal: AbortSignal) => {
    if (fails !== undefined) throw fails;
    await untilAborted(closed.signal, signal);
    saw.push(signal.aborted ? 'given up' : 'finished');
  };
  const close = () => closed.abort();
  return { saw, actor: { run, close } as DigestActor<TakenMessage> };
}

describe('the actors of a term', () => {
  test('finish what they have once all pumps have ended', async () => {
    const [one, other] = [actor(), actor()];
    const ending = new AbortController();
    await runActors([one.actor, other.actor], ending, () => [Promise.resolve(), Promise.resolve()]);
    assert.deepEqual([one.saw, other.saw], [['finished'], ['finished']]);
    assert.equal(ending.signal.aborted, false);
  });

  test('are all given up when one fails, which is thrown when the last of them and of the pumps has ended', async () => {
    const healthy = actor();
    const ending = new AbortController();
    let isPumping = true;
    const pump = async () => {
      await untilAborted(ending.signal);
      isPumping = false;
      throw new Error('the second failure');
    };
    const failing = runActors([actor(new Error('the first failure')).actor, healthy.actor], ending, () => [pump()]);
    await assert.rejects(failing, /the first failure/);
    assert.equal(isPumping, false);
    assert.deepEqual(healthy.saw, ['given up']);
  });

  test('are given up when a pump fails, while the other pump still ends in order', async () => {
    const one = actor();
    const ending = new AbortController();
    const pumps = () => [Promise.reject(new Error('no messages')), untilAborted(ending.signal)];
    await assert.rejects(runActors([one.actor], ending, pumps), /no messages/);
    assert.deepEqual(one.saw, ['given up']);
  });
});
