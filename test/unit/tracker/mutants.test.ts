/**
 * Tests of the tests: trackers with faults that engines have had. Each must fail where the real one passes.
 *
 * Other parts have theirs beside their own property: ledger-mutants, due-list, lease-clock, finished-set, bounded-queue. Whole engines with
 * planted faults are in simulation/planted and simulation/hours.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AlarmPosition, Offset, TopicPartition } from '../../../src/domain/position.js';
import { partitionText } from '../../../src/domain/position.js';
import type { OffsetTracker, StoredOffset, Window } from '../../../src/ports/progress.js';
import { finishedBits, setBits } from '../../../src/tracker/finished-set.js';
import { checkTracker } from './tracker-property.js';

interface State {
  readonly at: TopicPartition;
  readonly base: Offset;
  read: Offset;
  committed: Offset;
  /** Offset to the time of its begin. */
  unfinished: Map<Offset, number>;
  finished: Set<Offset>;
  /** In this term, in the order in which they came, repeats included. */
  finishes: Offset[];
}

/** Slow and right: the mutants below break one thing each. */
class SketchTracker implements OffsetTracker {
  readonly clock: { monoMs(): number };
  readonly capacity: number;
  readonly #states = new Map<string, State>();

  constructor(clock: { monoMs(): number }, capacity: number) {
    this.clock = clock;
    this.capacity = capacity;
  }

  protected head(state: State): Offset {
    for (const offset of state.unfinished.keys()) return offset;
    return state.read;
  }

  protected used(state: State): number {
    return Number(state.read - state.committed);
  }

  protected restored(stored: StoredOffset): Set<Offset> {
    return new Set([...setBits(stored.finishedAbove)].map((bit) => stored.nextToRead + BigInt(bit)));
  }

  open(at: TopicPartition, stored: StoredOffset): void {
    const { nextToRead: base } = stored;
    const finished = this.restored(stored);
    this.#states.set(partitionText(at), {
      at,
      base,
      read: base,
      committed: base,
      unfinished: new Map(),
      finished,
      finishes: [],
    });
  }

  begin(position: AlarmPosition): 'begun' | 'finished' {
    const state = this.#state(position);
    state.read = position.offset + 1n;
    if (state.finished.has(position.offset)) return 'finished';
    state.unfinished.set(position.offset, this.clock.monoMs());
    return 'begun';
  }

  isUnfinished(position: AlarmPosition): boolean {
    return this.#state(position).unfinished.has(position.offset);
  }

  unfinishedBelow(position: AlarmPosition): readonly Offset[] {
    return [...this.#state(position).unfinished.keys()].filter((offset) => offset < position.offset);
  }

  finish(position: AlarmPosition): 'finished' | 'repeated' | 'unknown' {
    const state = this.#states.get(partitionText(position));
    if (state === undefined) return 'unknown';
    state.finishes.push(position.offset);
    if (state.unfinished.delete(position.offset)) {
      state.finished.add(position.offset);
      return 'finished';
    }
    return state.finished.has(position.offset) ? 'repeated' : 'unknown';
  }

  committable(at: TopicPartition): StoredOffset | undefined {
    const state = this.#states.get(partitionText(at));
    if (state === undefined) return undefined;
    const nextToRead = this.head(state);
    const distances = [...state.finished].map((offset) => Number(offset - nextToRead));
    return { nextToRead, finishedAbove: finishedBits(distances, 0, this.capacity) };
  }

  committed(at: TopicPartition, nextToRead: Offset): void {
    const state = this.#state(at);
    if (nextToRead > state.committed && nextToRead <= state.read) state.committed = nextToRead;
  }

  window(at: TopicPartition): Window {
    return { used: this.used(this.#state(at)), capacity: this.capacity };
  }

  progress(at: TopicPartition): { read: Offset; committed: Offset; unfinished: number } {
    const { read, committed, unfinished } = this.#state(at);
    return { read, committed, unfinished: unfinished.size };
  }

  oldestUnfinished(at: TopicPartition): { offset: Offset; begunAtMonoMs: number } | undefined {
    for (const [offset, begunAtMonoMs] of this.#state(at).unfinished) return { offset, begunAtMonoMs };
    return undefined;
  }

  openPartitions(): readonly TopicPartition[] {
    return [...this.#states.values()].map((state) => state.at);
  }

  close(at: TopicPartition): void {
    this.#states.delete(partitionText(at));
  }

  #state(at: TopicPartition): State {
    const state = this.#states.get(partitionText(at));
    assert.ok(state);
    return state;
  }
}

function highestFinished(state: State): Offset {
  return [...state.finished].reduce((highest, offset) => (offset >= highest ? offset + 1n : highest), state.base);
}

const mutants: Readonly<Record<string, new (clock: { monoMs(): number }, capacity: number) => SketchTracker>> = {
  'commits the highest finished offset': class extends SketchTracker {
    protected override head(state: State): Offset {
      return highestFinished(state);
    }
  },
  // E2 of the ancestor.
  'commits whatever a partition finished first': class extends SketchTracker {
    protected override head(state: State): Offset {
      const [first] = state.finishes;
      return state.committed === state.base && first !== undefined ? first + 1n : super.head(state);
    }
  },
  // E4 of the ancestor.
  'believes that offsets have no gaps': class extends SketchTracker {
    protected override head(state: State): Offset {
      let head = state.base;
      while (state.finished.has(head)) head += 1n;
      return head;
    }
  },
  // E3 of the ancestor.
  'skips the head after a maximum lag': class extends SketchTracker {
    protected override head(state: State): Offset {
      const [oldest] = state.unfinished.values();
      const isLate = oldest !== undefined && this.clock.monoMs() - oldest > 1000;
      return isLate ? highestFinished(state) : super.head(state);
    }
  },
  'counts only unfinished alarms in its window': class extends SketchTracker {
    protected override used(state: State): number {
      return state.unfinished.size;
    }
  },
  'counts an alarm that finishes twice as two': class extends SketchTracker {
    protected override head(state: State): Offset {
      const read = [...state.unfinished.keys(), ...state.finished]
        .filter((offset) => offset < state.read)
        .sort(byValue);
      const inOrder = read.findIndex((offset) => state.unfinished.has(offset));
      const repeats = state.finishes.length - new Set(state.finishes).size;
      return inOrder < 0 ? state.read : (read[inOrder + repeats] ?? state.read);
    }
  },
  // E5 of the ancestor.
  'moves back when a passed alarm finishes again': class extends SketchTracker {
    protected override head(state: State): Offset {
      const last = state.finishes.at(-1);
      const isRepeat = last !== undefined && state.finishes.indexOf(last) < state.finishes.length - 1;
      return isRepeat && last < super.head(state) ? last + 1n : super.head(state);
    }
  },
  'forgets at a take-over what was finished above': class extends SketchTracker {
    protected override restored(): Set<Offset> {
      return new Set();
    }
  },
  'keeps offsets as numbers': class extends SketchTracker {
    protected override head(state: State): Offset {
      return BigInt(Number(super.head(state)));
    }
  },
  'commits what was read': class extends SketchTracker {
    protected override head(state: State): Offset {
      return state.read;
    }
  },
};

function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}

/** A fixed seed: whether a mutant is found must not be a matter of luck. */
const settings = { numRuns: 500, seed: 1 };

describe('the property that the tracker passes', () => {
  test('passes a slow tracker without faults', () => {
    checkTracker((clock, capacity) => new SketchTracker(clock, capacity), settings);
  });

  for (const [fault, Mutant] of Object.entries(mutants)) {
    test(`rejects a tracker that ${fault}`, () => {
      assert.throws(() => checkTracker((clock, capacity) => new Mutant(clock, capacity), settings), /Property failed/);
    });
  }
});
