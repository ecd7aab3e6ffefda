import type { RawAlarm } from '../../../src/domain/alarm.js';
import { type Offset, partitionText, type TopicPartition } from '../../../src/domain/position.js';
import type { AlarmSource, SourceEvent } from '../../../src/ports/flow.js';

interface Log {
  readonly at: TopicPartition;
  start: bigint;
  readonly values: string[];
  /** What clock the one ran by who wrote it: 1970 unless said otherwise. */
  readonly recordedAtMs: Map<number, number>;
}

interface Reading {
  next: bigint;
  committed: bigint;
  isHalted: boolean;
}

/** A topic in memory, read as Kafka is read. `write` and `removeBefore` are the producer and the retention. */
export class FakeAlarmSource implements AlarmSource {
  readonly events: SourceEvent[] = [];
  readonly #logs: readonly Log[];
  readonly #windowCount: bigint;
  readonly #readings = new Map<string, Reading>();
  #wake = () => {};

  constructor(topic: string, partitionCount: number, windowCount: number) {
    this.#logs = Array.from({ length: partitionCount }, (_, partition) => ({
      at: { topic, partition },
      start: 0n,
      values: [],
      recordedAtMs: new Map(),
    }));
    this.#windowCount = BigInt(windowCount);
    this.events.push({ kind: 'partitions', topic, partitions: this.#logs.map(({ at }) => at.partition) });
  }

  write(partition: number, values: readonly string[], recordedAtMs = 0): void {
    const log = this.#logs[partition];
    for (const value of values) log?.recordedAtMs.set(log.values.push(value) - 1, recordedAtMs);
    this.#wake();
  }

  removeBefore(partition: number, offset: bigint): void {
    const log = this.#logs[partition];
    if (log !== undefined) log.start = offset;
  }

  resume(partition: TopicPartition, nextToRead: Offset | undefined, limit: Offset | undefined): void {
    const log = this.#logs[partition.partition];
    if (log === undefined) throw new Error('no such partition');
    const asked = nextToRead ?? log.start;
    const end = BigInt(log.values.length);
    const isGone = asked < log.start;
    const next = isGone ? log.start : asked;
    const committed = limit === undefined ? next : limit - this.#windowCount;
    this.#readings.set(partitionText(partition), { next, committed, isHalted: asked > end });
    if (asked > end)
      this.events.push({ kind: 'halted', partition, nextToRead: asked, logStart: log.start, logEnd: end });
    else this.events.push({ kind: 'positioned', partition, nextToRead: next, skipped: next - asked });
    this.#wake();
  }

  allow(partition: TopicPartition, committed: Offset): void {
    const reading = this.#readings.get(partitionText(partition));
    if (reading !== undefined) reading.committed = committed;
    this.#wake();
  }

  pause(partition: TopicPartition): void {
    this.#readings.delete(partitionText(partition));
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly RawAlarm[]> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      const batch = this.#logs.flatMap((log) => this.#take(log));
      if (batch.length > 0) yield batch;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async close(): Promise<void> {
    this.#readings.clear();
  }

  #take(log: Log): RawAlarm[] {
    const reading = this.#readings.get(partitionText(log.at));
    const alarms: RawAlarm[] = [];
    while (reading !== undefined && !reading.isHalted && reading.next < BigInt(log.values.length)) {
      if (reading.next >= reading.committed + this.#windowCount && reading.committed < reading.next) break;
      const value = Buffer.from(log.values[Number(reading.next)] ?? '');
      const recordedAtMs = log.recordedAtMs.get(Number(reading.next)) ?? 0;
      alarms.push({ position: { ...log.at, offset: reading.next }, value, recordedAtMs });
      reading.next += 1n;
    }
    return alarms;
  }
}
