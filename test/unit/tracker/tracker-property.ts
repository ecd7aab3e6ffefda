import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { OffsetTracker, StoredOffset } from '../../../src/ports/progress.js';

export type MakeTracker = (clock: { monoMs(): number }, capacity: number) => OffsetTracker;

type Step = Readonly<
  | { kind: 'read' | 'finish' | 'finish_again' | 'finish_unread'; pick: number }
  | { kind: 'commit' | 'restart' | 'late_commit' }
  | { kind: 'wait'; ms: number }
>;

const at = { topic: 'alarms', partition: 3 };
const pick = fc.nat({ max: 1000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('read', 'finish'), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('finish_again', 'finish_unread'), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('commit', 'restart', 'late_commit') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat({ max: 2000 }) }) },
) as fc.Arbitrary<Step>;

/** A partition of which everything is known, recomputed from scratch at every look. */
class Model {
  readonly log: readonly bigint[];
  readonly capacity: number;
  nowMonoMs = 0;
  stored: StoredOffset;
  /** Read in this term, in order. */
  read: bigint[] = [];
  begunAtMonoMs = new Map<bigint, number>();
  finished = new Set<bigint>();
  readonly everFinished = new Set<bigint>();
  readPosition: bigint;
  committed: bigint;
  base: bigint;

  constructor(base: bigint, gaps: readonly number[], capacity: number) {
    let next = base;
    this.log = gaps.map((gap) => {
      const offset = next + BigInt(gap);
      next = offset + 1n;
      return offset;
    });
    this.capacity = capacity;
    this.stored = { nextToRead: base, finishedAbove: new Uint8Array() };
    this.base = base;
    this.readPosition = base;
    this.committed = base;
  }

  get unfinished(): readonly bigint[] {
    return this.read.filter((offset) => !this.finished.has(offset));
  }

  get head(): bigint {
    return this.unfinished[0] ?? this.readPosition;
  }

  get bits(): readonly number[] {
    const distances = [...this.finished].map((offset) => Number(offset - this.head));
    return distances.filter((bit) => bit >= 0 && bit < this.capacity).sort((a, b) => a - b);
  }

  restart(): void {
    this.base = this.stored.nextToRead;
    this.readPosition = this.base;
    this.committed = this.base;
    this.read = [];
    this.begunAtMonoMs = new Map();
    this.finished = new Set(bitNumbers(this.stored.finishedAbove).map((bit) => this.base + BigInt(bit)));
  }
}

function bitNumbers(bits: Uint8Array): number[] {
  return [...bits].flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((bit) => index * 8 + bit),
  );
}

/**
 * Compares a tracker with the model over any course of events: reading with gaps, finishing in any order and twice, commits, restarts from
 * what was stored. Throws where they differ; and where a commit would lose an alarm, or where the end of the log is never reached.
 */
export function checkTracker(make: MakeTracker, settings: { readonly numRuns: number; readonly seed?: number }): void {
  const bases = fc.constantFrom(0n, 5n, 9_007_199_254_740_990n, 0x7fff_ffff_ffff_f000n);
  const gaps = fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  const capacities = fc.constantFrom(8, 30, 20_000);
  const property = fc.property(
    bases,
    gaps,
    capacities,
    fc.array(step, { maxLength: 120, size: 'max' }),
    (base, log, capacity, steps) => {
      const model = new Model(base, log, capacity);
      const tracker = make({ monoMs: () => model.nowMonoMs }, capacity);
      tracker.open(at, model.stored);
      for (const each of steps) {
        take(each, model, tracker);
        compare(model, tracker);
      }
      finishAll(model, tracker);
    },
  );
  fc.assert(property, settings);
}

function take(each: Step, model: Model, tracker: OffsetTracker): void {
  switch (each.kind) {
    case 'read':
      readNext(model, tracker);
      break;
    case 'finish':
      finish(model, tracker, model.unfinished[each.pick % Math.max(1, model.unfinished.length)]);
      break;
    case 'finish_again':
      finish(model, tracker, [...model.finished][each.pick % Math.max(1, model.finished.size)]);
      break;
    case 'finish_unread':
      finishUnread(model, tracker, model.readPosition + BigInt(each.pick));
      break;
    case 'commit':
      commit(model, tracker);
      break;
    case 'late_commit':
      tracker.committed(at, model.base);
      tracker.committed(at, model.readPosition + 1n);
      break;
    case 'restart':
      restart(model, tracker);
      break;
    case 'wait':
      model.nowMonoMs += each.ms;
      break;
    default:
      each satisfies never;
  }
}

function finishUnread(model: Model, tracker: OffsetTracker, offset: bigint): void {
  assert.equal(tracker.finish({ ...at, offset }), model.finished.has(offset) ? 'repeated' : 'unknown');
}

function restart(model: Model, tracker: OffsetTracker): void {
  tracker.close(at);
  assert.equal(tracker.committable(at), undefined);
  assert.equal(tracker.finish({ ...at, offset: model.base }), 'unknown');
  model.restart();
  tracker.open(at, model.stored);
}

function readNext(model: Model, tracker: OffsetTracker): void {
  const { used, capacity } = tracker.window(at);
  const offset = model.log.find((each) => each >= model.readPosition);
  if (offset === undefined || used >= capacity) return;
  const expected = model.finished.has(offset) ? 'finished' : 'begun';
  assert.equal(tracker.begin({ ...at, offset }), expected);
  model.read.push(offset);
  model.begunAtMonoMs.set(offset, model.nowMonoMs);
  model.readPosition = offset + 1n;
}

function finish(model: Model, tracker: OffsetTracker, offset: bigint | undefined): void {
  if (offset === undefined) return;
  assert.equal(tracker.finish({ ...at, offset }), model.finished.has(offset) ? 'repeated' : 'finished');
  model.finished.add(offset);
  model.everFinished.add(offset);
}

function commit(model: Model, tracker: OffsetTracker): void {
  const stored = tracker.committable(at);
  assert.ok(stored);
  for (const offset of model.log) {
    if (offset < stored.nextToRead) assert.ok(model.everFinished.has(offset), `${offset} would be lost`);
  }
  for (const bit of bitNumbers(stored.finishedAbove)) {
    assert.ok(model.everFinished.has(stored.nextToRead + BigInt(bit)), 'an unfinished one would be skipped');
  }
  model.stored = stored;
  model.committed = stored.nextToRead;
  tracker.committed(at, stored.nextToRead);
}

function compare(model: Model, tracker: OffsetTracker): void {
  const stored = tracker.committable(at);
  assert.equal(stored?.nextToRead, model.head);
  assert.deepEqual(bitNumbers(stored?.finishedAbove ?? new Uint8Array()), model.bits);
  const { read, committed, unfinished } = tracker.progress(at);
  assert.deepEqual([read, committed, unfinished], [model.readPosition, model.committed, model.unfinished.length]);
  const window = { used: Number(model.readPosition - model.committed), capacity: model.capacity };
  assert.deepEqual(tracker.window(at), window);
  const [oldest] = model.unfinished;
  const begunAtMonoMs = oldest === undefined ? undefined : model.begunAtMonoMs.get(oldest);
  assert.deepEqual(tracker.oldestUnfinished(at), oldest === undefined ? undefined : { offset: oldest, begunAtMonoMs });
}

/** Whatever happened: when everything is read and finished, the end of the log can be committed. */
function finishAll(model: Model, tracker: OffsetTracker): void {
  const end = (model.log.at(-1) ?? 0n) + 1n;
  for (let round = 0; round <= model.log.length + 1; round++) {
    for (let more = 0; more < model.log.length; more++) readNext(model, tracker);
    for (const offset of model.unfinished) finish(model, tracker, offset);
    commit(model, tracker);
  }
  assert.equal(model.stored.nextToRead, end);
}
