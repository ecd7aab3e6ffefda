import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unlessAborted, untilAborted } from '../../../src/domain/until-aborted.js';

const givenUp = () => new Error('given up');

describe('a wait for a signal', () => {
  test('ends with the first that aborts', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    let isOver = false;
    const waiting = untilAborted(one.signal, other.signal).then(() => {
      isOver = true;
    });
    await Promise.resolve();
    assert.equal(isOver, false);
    other.abort();
    await waiting;
  });

  test('is over at once when one has aborted before', async () => {
    await untilAborted(new AbortController().signal, AbortSignal.abort());
  });
});

describe('work that may be given up', () => {
  test('gives its result, or its own failure', async () => {
    const { signal } = new AbortController();
    assert.equal(await unlessAborted(Promise.resolve(7), signal, givenUp), 7);
    await assert.rejects(unlessAborted(Promise.reject(new Error('broken')), signal, givenUp), /broken/);
  });

  test('is given up when the signal aborts, and its later failure troubles nobody', async () => {
    const ending = new AbortController();
    let fail = (_error: Error) => {};
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const waiting = unlessAborted(work, ending.signal, givenUp);
    ending.abort();
    await assert.rejects(waiting, /given up/);
    fail(new Error('late'));
    await new Promise(setImmediate);
  });

  test('is given up at once when the signal has aborted before', async () => {
    await assert.rejects(unlessAborted(new Promise(() => {}), AbortSignal.abort(), givenUp), /given up/);
  });
});
