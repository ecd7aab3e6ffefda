import type { TopicPartition } from '../domain/position.js';
import type { HeldLock } from '../ports/ownership.js';
import type { Clock } from '../ports/system.js';

/** What the engine does with a partition of which it has the lock. */
export interface PartitionWork {
  /** Reads it from where it was left, and commits under this lock. */
  take(partition: TopicPartition, lock: HeldLock): void;
  /** Reads no more of it; what is in the flow goes on. */
  pause(partition: TopicPartition): void;
  /** Reads on after a pause. */
  goOn(partition: TopicPartition): void;
  /** How many of its alarms are in the flow. */
  inFlowCount(partition: TopicPartition): number;
  /** Commits what is committable now; false when the lease or the lock was lost, or `signal` aborted first. */
  flush(partition: TopicPartition, signal: AbortSignal): Promise<boolean>;
  /** Forgets it: it is drained and committed. */
  leave(partition: TopicPartition): void;
}

const lookMs = 20;
/** While nothing of the partition ends, new alarms of it are held up for nothing. */
const patienceMs = 20_000;

/**
 * Drains and commits one partition, while all others go on: 'ready' to be released, or 'postponed' when `signal` aborted before, or when
 * nothing of it has ended for 20 s.
 *
 * What is postponed stays ours, paused: it is for the caller to go on with it.
 */
export async function handOver(
  partition: TopicPartition,
  work: PartitionWork,
  clock: Clock,
  signal: AbortSignal,
): Promise<'ready' | 'postponed'> {
  work.pause(partition);
  let leastCount = Number.POSITIVE_INFINITY;
  let movedAtMonoMs = clock.monoMs();
  for (let count = work.inFlowCount(partition); count > 0; count = work.inFlowCount(partition)) {
    if (count < leastCount) movedAtMonoMs = clock.monoMs();
    leastCount = Math.min(leastCount, count);
    if (clock.monoMs() - movedAtMonoMs >= patienceMs) return 'postponed';
    await clock.sleep(lookMs, signal);
    if (signal.aborted) return 'postponed';
  }
  const isCommitted = await work.flush(partition, signal);
  return isCommitted && !signal.aborted ? 'ready' : 'postponed';
}
