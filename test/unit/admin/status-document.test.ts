import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lagOf, partitionStatus } from '../../../src/admin/status-document.js';

const at = { topic: 'alarms', partition: 3 };
const progress = { read: 12n, committed: 7n };

describe('the status of a partition', () => {
  it('has offsets as text, and the window between them', () => {
    const expected = { ...at, read: '12', committed: '7', window: 5 };
    assert.deepEqual(partitionStatus(at, progress, '40'), { ...expected, high_water: '40' });
    assert.deepEqual(partitionStatus(at, progress, undefined), expected);
  });

  it('never ends before what was read, although that may be known sooner', () => {
    for (const told of ['0', '9', '11', '12']) assert.equal(partitionStatus(at, progress, told).high_water, '12', told);
    assert.equal(partitionStatus(at, progress, '13').high_water, '13');
    assert.equal(lagOf(partitionStatus(at, progress, '9')), 5n);
  });
});
