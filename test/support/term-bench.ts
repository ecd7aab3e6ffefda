import type { EngineError } from '../../src/domain/errors.js';
import type { AlarmPosition, Offset, TopicPartition } from '../../src/domain/position.js';
import { Carry } from '../../src/engine/carry.js';
import { Term } from '../../src/engine/term.js';
import type { StoredOffset } from '../../src/ports/progress.js';
import { FirstUnfinishedTracker } from '../../src/tracker/offset-tracker.js';
import { FakeClock } from './fakes/fake-clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

/** The one partition of the terms of these tests. */
export const termPartition: TopicPartition = { topic: 't', partition: 0 };
export function termPosition(offset: number): AlarmPosition {
  return { ...termPartition, offset: BigInt(offset) };
}

/** A term of its own, with what it asked of its source and told. */
export function newTerm(
  load: () => Promise<StoredOffset | undefined> = () => Promise.resolve(undefined),
  carry = new Carry(),
) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const tracker = new FirstUnfinishedTracker({ clock, capacityOf: () => 20_000 });
  const resumed: { partition: TopicPartition; nextToRead: Offset | undefined }[] = [];
  const committed: (Offset | undefined)[] = [];
  const failures: EngineError[] = [];
  const paused: TopicPartition[] = [];
  const term = new Term({
    number: 1,
    alarmTopic: 't',
    lock: {
      fence: { lockPath: '/lock', epoch: 1n },
      lost: new AbortController().signal,
      release: () => Promise.resolve(),
    },
    tracker,
    store: { load, save: () => Promise.resolve() },
    carry,
    source: {
      resume(partition, from) {
        resumed.push({ partition, nextToRead: from.nextToRead });
        committed.push(from.committed);
      },
      pause: (partition) => paused.push(partition),
    },
    clock,
    telemetry,
    onFailure: (error) => failures.push(error),
  });
  return { term, tracker, clock, telemetry, resumed, committed, paused, failures, carry };
}
