import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isWrittenLater, Newest } from '../../../src/waiting/newest.js';

const newestNumber = (capacity?: number) => new Newest<number>((one, other) => one > other, capacity);

describe('the newest', () => {
  it('is told of whatever is older, in whichever order they were seen', () => {
    const newest = newestNumber();
    for (const thing of [5, 9, 7]) newest.saw('a', thing);
    assert.deepEqual([newest.after('a', 5), newest.after('a', 9), newest.after('b', 1)], [9, undefined, undefined]);
  });

  it('of the kinds that were not seen for longest is forgotten', () => {
    const newest = newestNumber(2);
    for (const kind of ['a', 'b', 'a', 'c']) newest.saw(kind, 9);
    assert.deepEqual(
      ['a', 'b', 'c'].map((kind) => newest.after(kind, 1)),
      [9, undefined, 9],
    );
  });
});

describe('the one of two records that was written last', () => {
  it('has the higher offset, and of two partitions always the same one', () => {
    const at = (partition: number, offset: bigint) => ({ topic: 'r', partition, offset });
    assert.deepEqual(
      [
        isWrittenLater(at(0, 2n), at(0, 1n)),
        isWrittenLater(at(0, 1n), at(0, 2n)),
        isWrittenLater(at(1, 1n), at(0, 2n)),
        isWrittenLater(at(0, 2n), at(1, 1n)),
      ],
      [true, false, true, false],
    );
  });
});
