import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AlarmPosition } from '../../../src/domain/position.js';
import { type Due, DueList } from '../../../src/waiting/due-list.js';

const at = (partition: number, offset: number | bigint): AlarmPosition => ({
  topic: 'r',
  partition,
  offset: BigInt(offset),
});

interface Entry {
  readonly partition: number;
  readonly offset: number;
  readonly dueAtMonoMs: number;
}

type Step =
  | { readonly do: 'add'; readonly entry: Entry }
  | { readonly do: 'take'; readonly nowMonoMs: number; readonly count: number }
  | { readonly do: 'remove'; readonly partition: number };

const partition = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      entry: fc.record({ partition, offset: fc.nat({ max: 50 }), dueAtMonoMs: fc.nat({ max: 20 }) }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      nowMonoMs: fc.nat({ max: 20 }),
      count: fc.nat({ max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), partition }) },
);

/** Plain and slow: what the list must be equal to. Partitions count in the order of their first entry. */
class SortedList {
  #entries: Entry[] = [];
  readonly #rank = new Map<number, number>();

  add(entry: Entry): void {
    if (!this.#rank.has(entry.partition)) this.#rank.set(entry.partition, this.#rank.size);
    const rankOf = (one: Entry) => this.#rank.get(one.partition) ?? 0;
    this.#entries.push(entry);
    this.#entries.sort((a, b) => a.dueAtMonoMs - b.dueAtMonoMs || rankOf(a) - rankOf(b) || a.offset - b.offset);
  }

  take(nowMonoMs: number, count: number): readonly Due[] {
    const due = this.#entries.filter(({ dueAtMonoMs }) => dueAtMonoMs <= nowMonoMs).slice(0, count);
    this.#entries = this.#entries.slice(due.length);
    return due.map(({ partition, offset, dueAtMonoMs }) => ({ position: at(partition, offset), dueAtMonoMs }));
  }

  remove(gone: number): void {
    this.#entries = this.#entries.filter((entry) => entry.partition !== gone);
  }

  get size(): number {
    return this.#entries.length;
  }

  get nextDueAtMonoMs(): number | undefined {
    return this.#entries[0]?.dueAtMonoMs;
  }
}

function checkStep(each: Step, list: DueList, model: SortedList): void {
  switch (each.do) {
    case 'add':
      list.add(at(each.entry.partition, each.entry.offset), each.entry.dueAtMonoMs);
      model.add(each.entry);
      break;
    case 'take':
      assert.deepEqual(list.take(each.nowMonoMs, each.count), model.take(each.nowMonoMs, each.count));
      break;
    case 'remove':
      list.remove(at(each.partition, 0));
      model.remove(each.partition);
      break;
    default:
      each satisfies never;
  }
  assert.deepEqual([list.size, list.nextDueAtMonoMs], [model.size, model.nextDueAtMonoMs]);
}

describe('the due list', () => {
  it('is a sorted list', () => {
    const property = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const [list, model] = [new DueList(), new SortedList()];
      for (const each of steps) checkStep(each, list, model);
      assert.deepEqual(list.take(100, 1_000), model.take(100, 1_000));
    });
    fc.assert(property, { numRuns: 500 });
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

  it('is empty after it was cleared, and may be filled again', () => {
    const list = new DueList();
    list.add(at(0, 1), 1);
    list.clear();
    assert.deepEqual([list.size, list.nextDueAtMonoMs, list.take(9, 9)], [0, undefined, []]);
    list.add(at(1, 7), 1);
    assert.deepEqual(list.take(9, 9), [{ position: at(1, 7), dueAtMonoMs: 1 }]);
  });
});
