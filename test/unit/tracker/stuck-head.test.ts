import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { StuckHeadWatch, stuckHeads } from '../../../src/tracker/stuck-head.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const partitionOf = (partition: number) => ({ topic: 'alarms', partition });

describe('stuck head', () => {
  test('tells the first unfinished alarm of each partition that is too old, with its age', async () => {
    const clock = new FakeClock();
    const tracker = new FirstUnfinishedTracker({ clock, capacityOf: () => 20_000 });
    for (const partition of [0, 1, 2])
      tracker.open(partitionOf(partition), { nextToRead: 0n, finishedAbove: new Uint8Array() });
    tracker.begin({ ...partitionOf(0), offset: 812n });
    await clock.advance(500);
    for (const offset of [5n, 6n]) tracker.begin({ ...partitionOf(1), offset });
    await clock.advance(600);
    tracker.finish({ ...partitionOf(1), offset: 6n });
    const look = () => stuckHeads(tracker, 1000, clock.monoMs());
    assert.deepEqual(look(), [{ position: { ...partitionOf(0), offset: 812n }, ageMs: 1100 }]);
    await clock.advance(600);
    assert.deepEqual(
      look().map((head) => head.position.partition),
      [0, 1],
    );
    assert.equal(tracker.committable(partitionOf(0))?.nextToRead, 812n);
    assert.deepEqual(
      stuckHeads(tracker, 1000, clock.monoMs(), (topic) => topic === 'alarms'),
      [],
    );
  });

  test('says it once when a head is stuck, again for the next one, and once when it moves (D4)', () => {
    const telemetry = new RecordingTelemetry();
    const watch = new StuckHeadWatch(telemetry);
    const headAt = (offset: bigint) => [{ position: { ...partitionOf(3), offset }, ageMs: 700_000 }];
    for (const heads of [headAt(5n), headAt(5n), headAt(6n), [], []]) watch.saw(heads);
    assert.deepEqual(
      telemetry.events.map(({ name, fields }) => [name, fields.offset]),
      [
        ['head_stuck', 5n],
        ['head_stuck', 6n],
        ['head_moved', 6n],
      ],
    );
  });
});
