import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AlarmPosition, TopicPartition } from '../../../src/domain/position.js';
import { DueList } from '../../../src/waiting/due-list.js';
import { checkDueList } from './due-list-property.js';

const at = (partition: number, offset: number | bigint): AlarmPosition => ({
  topic: 'r',
  partition,
  offset: BigInt(offset),
});

/** Tests of the tests: lists with one fault each. */
const mutants: Readonly<Record<string, new () => DueList>> = {
  'lets go what is not due yet': class extends DueList {
    override take(nowMonoMs: number, count: number) {
      return super.take(nowMonoMs + 1, count);
    }
  },
  'holds back what is due at this moment': class extends DueList {
    override take(nowMonoMs: number, count: number) {
      return super.take(nowMonoMs - 1, count);
    }
  },
  'lets the newest go first': class extends DueList {
    override take(nowMonoMs: number, count: number) {
      return [...super.take(nowMonoMs, count)].reverse();
    }
  },
  'gives more than it was asked for': class extends DueList {
    override take(nowMonoMs: number, count: number) {
      return super.take(nowMonoMs, count + 1);
    }
  },
  'keeps what waits of a partition that is gone': class extends DueList {
    override remove() {}
  },
  'forgets all partitions when one is gone': class extends DueList {
    override remove(partition: TopicPartition) {
      super.remove(partition);
      this.clear();
    }
  },
  'keeps offsets as numbers': class extends DueList {
    override add(position: AlarmPosition, dueAtMonoMs: number) {
      super.add({ ...position, offset: BigInt(Number(position.offset)) }, dueAtMonoMs);
    }
  },
};

describe('the due list', () => {
  it('is a sorted list', () => {
    checkDueList(() => new DueList(), { numRuns: 500 });
  });

  it('keeps offsets exact wherever a partition has come to', () => {
    const list = new DueList();
    const far = 2n ** 62n + 1n;
    list.add(at(0, far), 1);
    list.add(at(0, far + 2n), 2);
    list.add(at(0, far - 1n), 3);
    assert.deepEqual(
      list.take(3, 3).map(({ position }) => position.offset),
      [far, far + 2n, far - 1n],
    );
  });

  it('keeps the same thing twice when it was added twice', () => {
    const list = new DueList();
    for (const _ of [1, 2, 3]) list.add(at(0, 7), 1);
    assert.equal(list.take(1, 9).length, 3);
  });

  it('is empty after it was cleared, and may be filled again', () => {
    const list = new DueList();
    list.add(at(0, 1), 1);
    list.clear();
    assert.deepEqual([list.size, list.nextDueAtMonoMs, list.take(9, 9)], [0, undefined, []]);
    list.add(at(1, 7), 1);
    assert.deepEqual(list.take(9, 9), [{ position: at(1, 7), dueAtMonoMs: 1 }]);
  });
});

describe('the property that the due list passes', () => {
  for (const [fault, Mutant] of Object.entries(mutants)) {
    it(`rejects a list that ${fault}`, () => {
      assert.throws(() => checkDueList(() => new Mutant(), { numRuns: 500, seed: 1 }), /Property failed/);
    });
  }

  it('gives back what was put in twice, twice', () => {
    const list = new DueList();
    for (let time = 0; time < 3; time += 1) list.add(at(0, 7), 5);
    assert.deepEqual(
      list.take(5, 10).map(({ position }) => position.offset),
      [7n, 7n, 7n],
    );
  });
});
