import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { checkTracker } from './tracker-property.js';

const none = new Uint8Array();
const p0 = { topic: 'alarms', partition: 0 };
const p1 = { topic: 'alarms', partition: 1 };

function trackerAt(...opened: readonly (readonly [typeof p0, bigint, Uint8Array?])[]): FirstUnfinishedTracker {
  const tracker = new FirstUnfinishedTracker({ clock: { monoMs: () => 0 }, capacityOf: () => 20_000 });
  for (const [partition, nextToRead, finishedAbove = none] of opened)
    tracker.open(partition, { nextToRead, finishedAbove });
  return tracker;
}

function begin(tracker: FirstUnfinishedTracker, at: typeof p0, ...offsets: readonly number[]): void {
  for (const offset of offsets) assert.equal(tracker.begin({ ...at, offset: BigInt(offset) }), 'begun');
}

const finish = (tracker: FirstUnfinishedTracker, at: typeof p0, offset: number) =>
  tracker.finish({ ...at, offset: BigInt(offset) });
const next = (tracker: FirstUnfinishedTracker, at = p0) => Number(tracker.committable(at)?.nextToRead);

describe('offset tracker', () => {
  test('behaves like a model that recomputes everything', () => {
    checkTracker((clock, capacity) => new FirstUnfinishedTracker({ clock, capacityOf: () => capacity }), {
      numRuns: 3000,
    });
  });

  test('the example of the port', () => {
    const tracker = trackerAt([p0, 5n]);
    const look = () => [next(tracker), tracker.window(p0).used];
    assert.deepEqual(look(), [5, 0]);
    begin(tracker, p0, 7, 8, 12);
    assert.deepEqual(look(), [7, 8]);
    finish(tracker, p0, 8);
    assert.deepEqual(look(), [7, 8]);
    assert.deepEqual(tracker.committable(p0)?.finishedAbove, new Uint8Array([0b10]));
    finish(tracker, p0, 7);
    assert.deepEqual(look(), [12, 8]);
    tracker.committed(p0, 12n);
    assert.deepEqual(look(), [12, 1]);
    finish(tracker, p0, 12);
    assert.deepEqual(look(), [13, 1]);
  });

  for (const [name, order] of [
    ['in order', [1, 2]],
    ['out of order', [2, 1]],
  ] as const) {
    test(`finished ${name}: nothing is committed past what is open, then all of it`, () => {
      const tracker = trackerAt([p0, 1n], [p1, 1n]);
      for (const at of [p0, p1]) begin(tracker, at, 1, 2);
      for (const at of [p0, p1]) {
        finish(tracker, at, order[0]);
        assert.equal(next(tracker, at), order[0] === 1 ? 2 : 1);
        finish(tracker, at, order[1]);
      }
      assert.deepEqual([next(tracker, p0), next(tracker, p1)], [3, 3]);
    });
  }

  test('never skips an unfinished alarm, however long it lags (D4)', () => {
    let nowMonoMs = 0;
    const tracker = new FirstUnfinishedTracker({ clock: { monoMs: () => nowMonoMs }, capacityOf: () => 20_000 });
    tracker.open(p0, { nextToRead: 1n, finishedAbove: none });
    begin(tracker, p0, 1, 2, 3);
    finish(tracker, p0, 2);
    nowMonoMs = 3_600_000;
    finish(tracker, p0, 3);
    assert.equal(next(tracker), 1);
    assert.deepEqual(tracker.oldestUnfinished(p0), { offset: 1n, begunAtMonoMs: 0 });
  });

  test('E2: on a partition used for the first time, what finishes first is not what is committed', () => {
    const tracker = trackerAt([p0, 0n]);
    begin(tracker, p0, 0, 1, 2, 3, 4, 5);
    for (const offset of [5, 0, 1]) finish(tracker, p0, offset);
    assert.equal(next(tracker), 2);
    for (const offset of [2, 3, 4]) finish(tracker, p0, offset);
    assert.equal(next(tracker), 6);
  });

  test('E3: after an idle spell the first one to finish out of order waits like any other', () => {
    const tracker = trackerAt([p0, 11n]);
    begin(tracker, p0, 11, 12);
    finish(tracker, p0, 12);
    assert.equal(next(tracker), 11);
    finish(tracker, p0, 11);
    assert.equal(next(tracker), 13);
  });

  test('E4: an offset that does not exist holds up nothing', () => {
    const tracker = trackerAt([p0, 11n]);
    begin(tracker, p0, 12, 13, 14, 15, 16, 17, 18, 19, 20);
    for (let offset = 12; offset <= 20; offset++) finish(tracker, p0, offset);
    assert.equal(next(tracker), 21);
  });

  test('E5: finishing twice is told and changes nothing', () => {
    const tracker = trackerAt([p0, 11n]);
    begin(tracker, p0, 11, 12);
    assert.deepEqual(
      [11, 11, 12, 11].map((offset) => finish(tracker, p0, offset)),
      ['finished', 'repeated', 'finished', 'repeated'],
    );
    assert.equal(next(tracker), 13);
    assert.deepEqual(tracker.committable(p0)?.finishedAbove, none);
    assert.equal(finish(tracker, p0, 12), 'repeated');
  });

  test('after a take-over what was finished above is not begun again, and is kept until it is passed', () => {
    const tracker = trackerAt([p0, 5n, new Uint8Array([0b100])]);
    assert.deepEqual(tracker.committable(p0), { nextToRead: 5n, finishedAbove: new Uint8Array([0b100]) });
    assert.equal(finish(tracker, p0, 7), 'repeated');
    begin(tracker, p0, 5);
    finish(tracker, p0, 5);
    assert.deepEqual(tracker.committable(p0), { nextToRead: 6n, finishedAbove: new Uint8Array([0b10]) });
    assert.equal(tracker.begin({ ...p0, offset: 7n }), 'finished');
    assert.equal(next(tracker), 8);
  });

  test('what is finished beyond the span is left out of the set', () => {
    const tracker = new FirstUnfinishedTracker({ clock: { monoMs: () => 0 }, capacityOf: () => 8 });
    tracker.open(p0, { nextToRead: 0n, finishedAbove: none });
    begin(tracker, p0, 0, 7, 8);
    for (const offset of [7, 8]) finish(tracker, p0, offset);
    assert.deepEqual(tracker.committable(p0)?.finishedAbove, new Uint8Array([0b1000_0000]));
  });

  test('the span is that of the topic', () => {
    const tracker = new FirstUnfinishedTracker({
      clock: { monoMs: () => 0 },
      capacityOf: (topic) => (topic === 'retries' ? 500_000 : 20_000),
    });
    const retries = { topic: 'retries', partition: 0 };
    for (const partition of [p0, retries]) tracker.open(partition, { nextToRead: 0n, finishedAbove: none });
    assert.deepEqual([tracker.window(p0).capacity, tracker.window(retries).capacity], [20_000, 500_000]);
  });

  test('a partition that is not open takes no alarm', () => {
    const tracker = trackerAt();
    const violated = { code: 'PROTOCOL_VIOLATED' };
    assert.throws(() => tracker.begin({ ...p0, offset: 1n }), violated);
    assert.throws(() => tracker.window(p0), violated);
    assert.throws(() => tracker.progress(p0), violated);
    assert.equal(tracker.finish({ ...p0, offset: 1n }), 'unknown');
    assert.equal(tracker.oldestUnfinished(p0), undefined);
    tracker.committed(p0, 4n);
    tracker.close(p0);
    assert.deepEqual(tracker.openPartitions(), []);
  });

  test('an offset that was read before is refused, and so is one too far away to be counted', () => {
    const tracker = trackerAt([p0, 5n]);
    begin(tracker, p0, 6);
    for (const offset of [4n, 6n, 5n + 2n ** 60n]) {
      assert.throws(() => tracker.begin({ ...p0, offset }), { code: 'PROTOCOL_VIOLATED' });
    }
    assert.equal(next(tracker), 6);
  });

  test('knows what is under way, and what of it lies below an offset', () => {
    const tracker = trackerAt([p0, 5n]);
    begin(tracker, p0, 6, 8, 9);
    finish(tracker, p0, 8);
    const isUnfinished = (offset: bigint, at = p0) => tracker.isUnfinished({ ...at, offset });
    assert.deepEqual(
      [5n, 6n, 7n, 8n, 9n].map((offset) => isUnfinished(offset)),
      [false, true, false, false, true],
    );
    assert.deepEqual(tracker.unfinishedBelow({ ...p0, offset: 9n }), [6n]);
    assert.deepEqual(tracker.unfinishedBelow({ ...p0, offset: 10n }), [6n, 9n]);
    assert.deepEqual([isUnfinished(6n, p1), tracker.unfinishedBelow({ ...p1, offset: 9n })], [false, []]);
  });

  test('names what is open, and forgets what was under way when a partition is closed', () => {
    const tracker = trackerAt([p0, 1n], [p1, 1n]);
    begin(tracker, p0, 1);
    assert.deepEqual(tracker.openPartitions(), [p0, p1]);
    tracker.close(p0);
    assert.deepEqual(tracker.openPartitions(), [p1]);
    assert.equal(finish(tracker, p0, 1), 'unknown');
  });
});
