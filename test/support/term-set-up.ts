import type { EngineError } from '../../src/domain/errors.js';
import type { Offset, TopicPartition } from '../../src/domain/position.js';
import { Carry } from '../../src/engine/carry.js';
import { Term } from '../../src/engine/term.js';
import type { StoredOffset } from '../../src/ports/progress.js';
import { FirstUnfinishedTracker } from '../../src/tracker/offset-tracker.js';
import { FakeClock } from './fakes/fake-clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

/** A term on fakes, and what it asked its source for. `load` is the store's answer. */
export function termSetUp(
  load: () => Promise<StoredOffset | undefined> = () => Promise.resolve(undefined),
  carry = new Carry(),
) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const tracker = new FirstUnfinishedTracker({ clock, capacityOf: () => 20_000 });
  const resumed: { partition: TopicPartition; nextToRead: Offset | undefined }[] = [];
  const committed: (Offset | undefined)[] = [];
  const failures: EngineError[] = [];
  const term = new Term({
    number: 1,
    lock: {
      fence: { lockPath: '/lock', epoch: 1n },
      lost: new AbortController().signal,
      release: () => Promise.resolve(),
    },
    tracker,
    store: { load, save: () => Promise.resolve() },
    carry,
    source: {
      resume(partition, nextToRead, from) {
        resumed.push({ partition, nextToRead });
        committed.push(from);
      },
    },
    clock,
    telemetry,
    onFailure: (error) => failures.push(error),
  });
  return { term, tracker, clock, telemetry, resumed, committed, failures, carry };
}
