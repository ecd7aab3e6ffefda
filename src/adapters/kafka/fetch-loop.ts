import type { RawAlarm } from '../../domain/alarm.js';
import type { Bell } from '../../domain/bell.js';
import { type EngineError, messageOf } from '../../domain/errors.js';
import { type Offset, partitionText } from '../../domain/position.js';
import type { SourceEvent } from '../../ports/flow.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Brokers } from './brokers.js';
import { committedRecords } from './committed-records.js';
import { errorName, KafkaFailure, kafkaError, lastingFailure, UnreadableAnswer } from './kafka-failure.js';
import type { FetchedPartition, FetchedRecord } from './library-types.js';
import { logEdge, type Metadata } from './metadata.js';
import type { PartitionReading } from './partition-reading.js';
import { rawAlarmOf } from './raw-alarm.js';
import { pauseMs } from './waiting.js';

const LONG_POLL_MS = 500;
/** Partitions are resumed one message at a time: the first poll after a change must not make the others wait for half a second. */
const FIRST_POLL_MS = 10;
const ANSWER_BYTES = 8 * 1024 * 1024;
const PARTITION_BYTES = { least: 64 * 1024, most: 1024 * 1024 };
const READ_COMMITTED = 1;
const IDLE_MS = 60_000;
const HIGH_WATER_EVERY_MS = 1_000;
/** A leader move takes a few attempts; only what lasts longer is worth a word. */
const QUIET_FAILURES = 4;

/** What a loop shares with the other loops of its source. */
export interface FetchSurroundings {
  readonly brokers: Brokers;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly random: Random;
  /** Rings when there may be something to fetch. */
  readonly work: Bell;
  ledBy(node: number): readonly PartitionReading[];
  isCurrent(reading: PartitionReading): boolean;
  tell(event: SourceEvent): void;
  arrived(): void;
  answered(): void;
  failed(text: string): void;
  unreadable(text: string): void;
  distrustMetadata(): void;
  end(error: EngineError): void;
}

/**
 * Fetches what one broker leads, for as long as `run` is not aborted. Waits out every failure.
 *
 * One request is under way at a time, for all partitions that have room; their order turns, because a broker fills an answer from the
 * front and a full front would starve the rest.
 */
export class FetchLoop {
  readonly #node: number;
  readonly #around: FetchSurroundings;
  #asked = new Set<PartitionReading>();
  #turn = 0;
  #failures = 0;

  constructor(node: number, around: FetchSurroundings) {
    this.#node = node;
    this.#around = around;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await Promise.all(
          this.#due((reading) => reading.wantsEdges()).map((reading) => this.#findStart(reading, signal)),
        );
        const wanted = this.#due((reading) => reading.wantsMore());
        if (wanted.length > 0) await this.#fetchAll(wanted, signal);
        else await this.#around.work.wait(this.#idleMs(), this.#around.clock, signal);
      } catch (error) {
        if (!signal.aborted) await this.#waitOut(error, signal);
      }
    }
  }

  #due(wants: (reading: PartitionReading) => boolean): readonly PartitionReading[] {
    const nowMonoMs = this.#around.clock.monoMs();
    return this.#around.ledBy(this.#node).filter((reading) => reading.notBeforeMonoMs <= nowMonoMs && wants(reading));
  }

  #idleMs(): number {
    const nowMonoMs = this.#around.clock.monoMs();
    const later = this.#around.ledBy(this.#node).filter((reading) => reading.notBeforeMonoMs > nowMonoMs);
    return Math.min(IDLE_MS, ...later.map((reading) => reading.notBeforeMonoMs - nowMonoMs));
  }

  async #waitOut(error: unknown, signal: AbortSignal): Promise<void> {
    this.#failures += 1;
    this.#around.distrustMetadata();
    this.#around.failed(messageOf(error));
    await this.#around.clock.sleep(pauseMs(this.#failures, this.#around.random), signal);
  }

  async #fetchAll(wanted: readonly PartitionReading[], signal: AbortSignal): Promise<void> {
    try {
      await this.#fetch(wanted, signal);
    } catch (error) {
      if (!(error instanceof UnreadableAnswer)) throw error;
      // One partition spoils the whole answer. Asked for alone, the others go on.
      for (const reading of wanted) {
        await this.#fetch([reading], signal).catch((again) => this.#setAside(reading, again));
      }
    }
  }

  #setAside(reading: PartitionReading, error: unknown): void {
    if (!(error instanceof UnreadableAnswer)) throw error;
    const where = `${partitionText(reading.at)}@${reading.position}`;
    if (reading.failures === 0) this.#around.unreadable(`${where}: ${error.message}`);
    this.#around.failed(`records at ${where} cannot be decoded: ${error.message}`);
    this.#postpone(reading);
  }

  #postpone(reading: PartitionReading): void {
    reading.failures += 1;
    reading.notBeforeMonoMs = this.#around.clock.monoMs() + pauseMs(reading.failures, this.#around.random);
  }

  async #fetch(wanted: readonly PartitionReading[], signal: AbortSignal): Promise<void> {
    const isNew = wanted.some((reading) => !this.#asked.has(reading));
    const startedAtMonoMs = this.#around.clock.monoMs();
    const positions = new Map(
      wanted.map((reading) => [partitionText(reading.at), { reading, from: reading.position ?? 0n }]),
    );
    const answer = await this.#around.brokers.ask(
      this.#node,
      'Fetch',
      {
        maxWaitTime: isNew ? FIRST_POLL_MS : LONG_POLL_MS,
        minBytes: 1,
        maxBytes: ANSWER_BYTES,
        isolationLevel: READ_COMMITTED,
        rackId: '',
        topics: this.#questions(wanted),
      },
      signal,
    );
    this.#asked = new Set(wanted);
    this.#failures = 0;
    this.#around.answered();
    let received = 0;
    for (const { topicName, partitions } of answer.responses) {
      for (const fetched of partitions) {
        const asked = positions.get(partitionText({ topic: topicName, partition: fetched.partition }));
        if (asked === undefined || !this.#around.isCurrent(asked.reading)) continue;
        received += 1 + fetched.messages.length;
        this.#handle(asked.reading, asked.from, fetched);
      }
    }
    const wasEarly = this.#around.clock.monoMs() - startedAtMonoMs < LONG_POLL_MS / 5;
    const wasEmpty = received <= wanted.length;
    // A batch that compaction has emptied is answered at once and holds nothing: without a pause the loop would spin.
    if (wasEmpty && wasEarly && !isNew) await this.#around.clock.sleep(LONG_POLL_MS / 5, signal);
  }

  #questions(wanted: readonly PartitionReading[]) {
    this.#turn += 1;
    const cut = this.#turn % wanted.length;
    const share = Math.floor(ANSWER_BYTES / wanted.length);
    const maxBytes = Math.max(PARTITION_BYTES.least, Math.min(PARTITION_BYTES.most, share));
    return [...wanted.slice(cut), ...wanted.slice(0, cut)].map(({ at, position }) => ({
      topic: at.topic,
      partitions: [{ partition: at.partition, fetchOffset: String(position ?? 0n), maxBytes }],
    }));
  }

  #handle(reading: PartitionReading, from: Offset, fetched: FetchedPartition): void {
    if (fetched.errorCode === kafkaError.offsetOutOfRange) {
      reading.isOutOfRange = true;
      return;
    }
    if (fetched.errorCode !== kafkaError.none) {
      this.#refused(reading, fetched.errorCode);
      return;
    }
    this.#tellBegin(reading, from, 0n);
    const { records, next } = committedRecords(from, fetched);
    this.#tellHighWater(reading, BigInt(fetched.highWatermark));
    const alarms = records.map((record) => this.#toAlarm(reading, record));
    if (reading.add(from, alarms, next) && alarms.length > 0) this.#around.arrived();
  }

  #toAlarm(reading: PartitionReading, record: FetchedRecord): RawAlarm {
    return rawAlarmOf(reading.at, record, this.#around.clock.nowMs());
  }

  /** Main opens a partition when it hears this, so it comes before the first alarm of every reading. */
  #tellBegin(reading: PartitionReading, nextToRead: Offset, skipped: bigint): void {
    if (reading.isBegun && skipped === 0n) return;
    reading.isBegun = true;
    this.#around.tell({ kind: 'positioned', partition: reading.at, nextToRead, skipped });
  }

  #tellHighWater(reading: PartitionReading, offset: Offset): void {
    const nowMonoMs = this.#around.clock.monoMs();
    const told = reading.highWater;
    if (told !== undefined && (told.offset === offset || nowMonoMs - told.toldAtMonoMs < HIGH_WATER_EVERY_MS)) return;
    reading.highWater = { offset, toldAtMonoMs: nowMonoMs };
    this.#around.tell({ kind: 'high_water', partition: reading.at, offset });
  }

  #refused(reading: PartitionReading, errorCode: number): void {
    const attempted = `reading ${partitionText(reading.at)}`;
    this.#postpone(reading);
    const lasting = lastingFailure(errorCode, attempted);
    if (lasting !== undefined) {
      this.#around.end(lasting);
      return;
    }
    this.#around.distrustMetadata();
    if (reading.failures >= QUIET_FAILURES) this.#around.failed(`${attempted}: ${errorName(errorCode)}`);
  }

  async #findStart(reading: PartitionReading, signal: AbortSignal): Promise<void> {
    try {
      const start = await logEdge(this.#around, reading.at, 'start', signal);
      const position = reading.position;
      if (!this.#around.isCurrent(reading)) return;
      if (position === undefined || position < start) {
        reading.startAt(start);
        this.#tellBegin(reading, start, position === undefined ? 0n : start - position);
        return;
      }
      const end = await logEdge(this.#around, reading.at, 'end', signal);
      if (!this.#around.isCurrent(reading)) return;
      reading.isHalted = position > end;
      reading.isOutOfRange = reading.isHalted;
      if (!reading.isHalted) return this.#postpone(reading);
      this.#around.tell({ kind: 'halted', partition: reading.at, nextToRead: position, logStart: start, logEnd: end });
    } catch (error) {
      if (!(error instanceof KafkaFailure)) throw error;
      this.#refused(reading, error.errorCode);
    }
  }
}
