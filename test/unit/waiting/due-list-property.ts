import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AlarmPosition } from '../../../src/domain/position.js';
import type { Due, DueList } from '../../../src/waiting/due-list.js';

/** Offsets lie where numbers are no longer exact. */
const base = 9_007_199_254_740_990n;

const at = (partition: number, offset: number): AlarmPosition => ({
  topic: 'r',
  partition,
  offset: base + BigInt(offset),
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

/** Compares a list with a sorted one over any course of adding, taking, and losing a partition. */
export function checkDueList(
  make: () => DueList,
  settings: { readonly numRuns: number; readonly seed?: number },
): void {
  const property = fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
    const [list, model] = [make(), new SortedList()];
    for (const each of steps) checkStep(each, list, model);
    assert.deepEqual(list.take(100, 1_000), model.take(100, 1_000));
  });
  fc.assert(property, settings);
}
