import { EngineError } from '../domain/errors.js';
import {
  type AlarmPosition,
  type Offset,
  partitionText,
  positionText,
  type TopicPartition,
} from '../domain/position.js';
import type { OffsetTracker, StoredOffset, Window } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import { finishedBits, setBits } from './finished-set.js';

/** Offsets are kept as distances from where the partition was opened: numbers are several times cheaper than bigints. */
interface Progress {
  readonly at: TopicPartition;
  readonly base: Offset;
  readonly capacity: number;
  /** Distance of the next offset to read. */
  read: number;
  /** Distance of the committed offset. */
  committed: number;
  /** Distance to the monotonic time of its `begin`, in the order read: the first one is the head. */
  readonly unfinished: Map<number, number>;
  /** Finished in this term or, by the stored set, before it. What lies below the head is swept out now and then. */
  readonly finished: Set<number>;
}

export interface TrackerSettings {
  readonly clock: Pick<Clock, 'monoMs'>;
  /** How far reading may run ahead of the committed offset, by topic. */
  capacityOf(topic: string): number;
}

/**
 * Commits up to the first unfinished alarm that was read, and never past it. Offsets that were never read are no holes.
 *
 * An offset below the committable one counts as `repeated` whether or not it was ever read: nobody keeps what has been passed. `begin`
 * throws PROTOCOL_VIOLATED when the partition is not open or the offset was passed already: a source that reads backwards would make a
 * finished alarm unfinished again. Opening a partition again forgets what was under way.
 */
export class FirstUnfinishedTracker implements OffsetTracker {
  readonly #settings: TrackerSettings;
  readonly #topics = new Map<string, Map<number, Progress>>();

  constructor(settings: TrackerSettings) {
    this.#settings = settings;
  }

  open(partition: TopicPartition, stored: StoredOffset): void {
    const partitions = this.#topics.get(partition.topic) ?? new Map<number, Progress>();
    this.#topics.set(partition.topic, partitions);
    partitions.set(partition.partition, {
      at: { topic: partition.topic, partition: partition.partition },
      base: stored.nextToRead,
      capacity: this.#settings.capacityOf(partition.topic),
      read: 0,
      committed: 0,
      unfinished: new Map(),
      finished: new Set(setBits(stored.finishedAbove)),
    });
  }

  begin(position: AlarmPosition): 'begun' | 'finished' {
    const progress = this.#opened(position);
    const distance = Number(position.offset - progress.base);
    if (distance < progress.read || distance >= Number.MAX_SAFE_INTEGER) {
      throw violation(`${positionText(position)} was read, but ${progress.base + BigInt(progress.read)} is next`);
    }
    progress.read = distance + 1;
    if (progress.finished.has(distance)) return 'finished';
    progress.unfinished.set(distance, this.#settings.clock.monoMs());
    return 'begun';
  }

  isUnfinished(position: AlarmPosition): boolean {
    const progress = this.#find(position);
    return progress?.unfinished.has(Number(position.offset - progress.base)) === true;
  }

  unfinishedBelow(position: AlarmPosition): readonly Offset[] {
    const progress = this.#find(position);
    if (progress === undefined) return [];
    const limit = Number(position.offset - progress.base);
    const below = [...progress.unfinished.keys()].filter((distance) => distance < limit);
    return below.map((distance) => progress.base + BigInt(distance));
  }

  finish(position: AlarmPosition): 'finished' | 'repeated' | 'unknown' {
    const progress = this.#find(position);
    if (progress === undefined) return 'unknown';
    const distance = Number(position.offset - progress.base);
    if (progress.unfinished.delete(distance)) {
      progress.finished.add(distance);
      return 'finished';
    }
    return progress.finished.has(distance) || distance < headOf(progress) ? 'repeated' : 'unknown';
  }

  committable(partition: TopicPartition): StoredOffset | undefined {
    const progress = this.#find(partition);
    if (progress === undefined) return undefined;
    const head = headOf(progress);
    for (const distance of progress.finished) if (distance < head) progress.finished.delete(distance);
    return {
      nextToRead: progress.base + BigInt(head),
      finishedAbove: finishedBits(progress.finished, head, progress.capacity),
    };
  }

  /** An answer that comes late, after the partition was closed or opened elsewhere, moves nothing. */
  committed(partition: TopicPartition, nextToRead: Offset): void {
    const progress = this.#find(partition);
    if (progress === undefined) return;
    const distance = Number(nextToRead - progress.base);
    if (distance > progress.committed && distance <= progress.read) progress.committed = distance;
  }

  window(partition: TopicPartition): Window {
    const progress = this.#opened(partition);
    return { used: progress.read - progress.committed, capacity: progress.capacity };
  }

  progress(partition: TopicPartition): {
    readonly read: Offset;
    readonly committed: Offset;
    readonly unfinished: number;
  } {
    const { base, read, committed, unfinished } = this.#opened(partition);
    return { read: base + BigInt(read), committed: base + BigInt(committed), unfinished: unfinished.size };
  }

  oldestUnfinished(partition: TopicPartition): { readonly offset: Offset; readonly begunAtMonoMs: number } | undefined {
    const progress = this.#find(partition);
    if (progress === undefined) return undefined;
    for (const [distance, begunAtMonoMs] of progress.unfinished) {
      return { offset: progress.base + BigInt(distance), begunAtMonoMs };
    }
    return undefined;
  }

  openPartitions(): readonly TopicPartition[] {
    const open: TopicPartition[] = [];
    for (const partitions of this.#topics.values()) for (const { at } of partitions.values()) open.push(at);
    return open;
  }

  close(partition: TopicPartition): void {
    this.#topics.get(partition.topic)?.delete(partition.partition);
  }

  #find(partition: TopicPartition): Progress | undefined {
    return this.#topics.get(partition.topic)?.get(partition.partition);
  }

  #opened(partition: TopicPartition): Progress {
    const progress = this.#find(partition);
    if (progress === undefined) throw violation(`partition ${partitionText(partition)} is not open`);
    return progress;
  }
}

function headOf(progress: Progress): number {
  for (const distance of progress.unfinished.keys()) return distance;
  return progress.read;
}

function violation(message: string): EngineError {
  return new EngineError('PROTOCOL_VIOLATED', message, { retriable: false });
}
