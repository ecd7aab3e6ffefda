import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '../../support/deliveries.js';

const promised = [
  { alarmId: 'a1', methodId: 'hook' },
  { alarmId: 'a1', methodId: 'mail' },
  { alarmId: 'a2', methodId: 'hook' },
];
const receipts = promised.map((promise, index) => ({ ...promise, id: `id-${index}`, atMs: index }));
const good = { lost: [], repeatCount: 0, unrecordedRepeatCount: 0, severalIds: [], deliveredCount: 3, parkedCount: 0 };

describe('the judge of deliveries', () => {
  it('is content with one receipt for each promise', () => {
    assert.deepEqual(judge(promised, receipts), good);
  });

  it('sees a loss', () => {
    assert.deepEqual(judge(promised, receipts.slice(1)), { ...good, lost: ['a1 → hook'], deliveredCount: 2 });
  });

  it('takes what was parked for kept, and counts it apart', () => {
    const parked = [{ alarmId: 'a1', methodId: 'hook', failedCount: 1 }];
    assert.deepEqual(judge(promised, receipts.slice(1), parked), { ...good, deliveredCount: 2, parkedCount: 1 });
  });

  it('counts repeats', () => {
    const counts = { repeatCount: 2, unrecordedRepeatCount: 2 };
    assert.deepEqual(judge(promised, [...receipts, ...receipts.slice(1)]), { ...good, ...counts });
  });

  it('counts apart the repeats that no failed attempt on record explains', () => {
    const failed = { alarmId: 'a1', methodId: 'mail', failedCount: 1 };
    const putOff = { alarmId: 'a2', methodId: 'hook', failedCount: 0 };
    const counts = { repeatCount: 3, unrecordedRepeatCount: 2 };
    const again = [...receipts, ...receipts.slice(1), ...receipts.slice(1, 2)];
    assert.deepEqual(judge(promised, again, [failed, putOff]), { ...good, ...counts });
  });

  it('sees a repeat under another identity', () => {
    const renamed = { alarmId: 'a2', methodId: 'hook', id: 'id-9', atMs: 9 };
    assert.deepEqual(judge(promised, [...receipts, renamed]), {
      ...good,
      repeatCount: 1,
      unrecordedRepeatCount: 1,
      severalIds: ['a2 → hook'],
    });
  });

  it('leaves receipts aside that nobody was promised', () => {
    assert.deepEqual(judge(promised, [...receipts, { alarmId: 'a9', methodId: 'hook', id: 'x', atMs: 0 }]), good);
  });
});
