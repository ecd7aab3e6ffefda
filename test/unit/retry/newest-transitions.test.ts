import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NewestTransitions } from '../../../src/retry/newest-transitions.js';

const transition = (alarmId: string, changedAtMs: number) => ({
  alarmId,
  changedAtMs,
  position: { topic: 't', partition: 0, offset: BigInt(changedAtMs) },
});

describe('the newest transitions', () => {
  it('tell where a newer one lies, whatever the order in which they were seen', () => {
    const newest = new NewestTransitions();
    for (const atMs of [5, 9, 7]) newest.saw(transition('a', atMs));
    assert.equal(newest.after(transition('a', 5))?.offset, 9n);
    assert.equal(newest.after(transition('a', 9)), undefined);
    assert.equal(newest.after(transition('b', 1)), undefined);
  });

  it('forget the alarms that were not seen for longest', () => {
    const newest = new NewestTransitions(2);
    for (const id of ['a', 'b', 'a', 'c']) newest.saw(transition(id, 9));
    const known = ['a', 'b', 'c'].map((id) => newest.after(transition(id, 1)) !== undefined);
    assert.deepEqual(known, [true, false, true]);
  });
});
