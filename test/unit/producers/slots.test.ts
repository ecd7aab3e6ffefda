import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Slots } from '../../../src/producers/slots.js';

/** Asks for a place and writes down when it was given. */
function asking(slots: Slots, given: string[]) {
  return (name: string, rank: 'before' | 'after') =>
    slots.enter(rank).then((isIn) => given.push(isIn ? name : `not ${name}`));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('slots', () => {
  it('are given to who must go first, then in the order of asking', async () => {
    const slots = new Slots(1);
    const given: string[] = [];
    const ask = asking(slots, given);
    void ask('a', 'after');
    void ask('b', 'after');
    void ask('c', 'before');
    await turn();
    assert.deepEqual(given, ['a']);
    slots.leave();
    await turn();
    slots.leave();
    await turn();
    assert.deepEqual(given, ['a', 'c', 'b']);
    slots.leave();
    assert.equal(slots.takenCount, 0);
  });

  it('are given to nobody after the end', async () => {
    const slots = new Slots(1);
    const given: string[] = [];
    const ask = asking(slots, given);
    for (const name of ['a', 'b', 'c']) void ask(name, 'after');
    slots.close();
    await turn();
    slots.leave();
    await turn();
    assert.deepEqual(given, ['a', 'not b', 'not c']);
    assert.equal(await slots.enter('before'), false);
    assert.equal(slots.takenCount, 0);
  });

  it('can become more and fewer', async () => {
    const slots = new Slots(1);
    const given: string[] = [];
    const ask = asking(slots, given);
    for (const name of ['a', 'b', 'c', 'd']) void ask(name, 'after');
    slots.resize(3);
    await turn();
    assert.deepEqual(given, ['a', 'b', 'c']);
    slots.resize(1);
    slots.leave();
    slots.leave();
    await turn();
    assert.equal(slots.takenCount, 1);
    slots.leave();
    await turn();
    assert.deepEqual(given, ['a', 'b', 'c', 'd']);
  });
});
