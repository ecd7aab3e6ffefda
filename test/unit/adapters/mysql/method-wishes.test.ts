import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MethodWishes } from '../../../../src/adapters/mysql/method-wishes.js';

describe('the options of a digest method', () => {
  const wishes = new MethodWishes();

  it('are a schedule and what becomes of an empty digest, or nothing', () => {
    const schedule = '08:00,17:30 mon-fri Europe/Athens';
    assert.deepEqual(wishes.read(` ${schedule} `, ' Send'), { wish: { schedule, empty: 'send' }, problems: [] });
    assert.deepEqual(wishes.read('', 'skip'), { wish: { empty: 'skip' }, problems: [] });
    assert.deepEqual(wishes.read('', ''), { wish: {}, problems: [] });
  });

  it('fall back to UTC for a zone that nobody knows, and to the general schedule for what is none; both are told', () => {
    const inUtc = wishes.read('08:00 mon-fri Europe/Atlantis', '');
    assert.deepEqual(inUtc.wish, { schedule: '08:00 mon-fri' });
    assert.match(inUtc.problems.join(), /^schedule "08:00 mon-fri Europe\/Atlantis": read as "08:00 mon-fri", in UTC$/);
    const none = wishes.read('at noon', 'maybe');
    assert.deepEqual(none.wish, {});
    assert.deepEqual(none.problems, [
      'schedule "at noon": the general schedule counts',
      'empty "maybe": expected skip or send',
    ]);
  });
});
