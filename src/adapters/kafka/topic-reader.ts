import { setMaxListeners } from 'node:events';
import { EngineError, givenUp, messageOf } from '../../domain/errors.js';
import { type Offset, partitionText } from '../../domain/position.js';
import { unlessAborted } from '../../domain/until-aborted.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Brokers } from './brokers.js';
import { committedRecords } from './committed-records.js';
import type { KafkaConnection } from './connection-options.js';
import { groupOffsets } from './group-offsets.js';
import { errorName, kafkaError, lastingFailure, UnreadableAnswer } from './kafka-failure.js';
import type { FetchedRecord } from './library-types.js';
import { logEdge, Metadata, offsetAtTime } from './metadata.js';
import { textHeaders } from './raw-alarm.js';
import { pauseMs } from './waiting.js';

const REQUEST_LIMIT_MS = 10_000;
const LONG_POLL_MS = 200;
const PARTITION_BYTES = 1024 * 1024;
const READ_COMMITTED = 1;

/** One Kafka record as it is: for commands that look into topics. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly key: string | undefined;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
}

/** Next offset to read per partition of one topic. */
export type TopicPositions = ReadonlyMap<number, Offset>;

/**
 * Reads topics for people: from given positions, partition after partition, without group and without commit.
 *
 * Waits out outages as long as the caller's signal lets it. One call at a time is under way per reader.
 */
export class TopicReader {
  readonly #brokers: Brokers;
  readonly #metadata: Metadata;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(connection: KafkaConnection, deps: { clock: Clock; random: Random; telemetry: Telemetry }) {
    this.#brokers = new Brokers(connection, REQUEST_LIMIT_MS, deps);
    this.#metadata = new Metadata(this.#brokers);
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** The offset after the last one of each partition, or of `only` one; empty when the topic does not exist. */
  async logEnds(topic: string, signal: AbortSignal, only?: number): Promise<TopicPositions> {
    return await this.#retrying(signal, () => this.#edges(topic, 'end', signal, only));
  }

  /** The first offset that Kafka holds of each partition, or of `only` one; empty when the topic does not exist. */
  async logStarts(topic: string, signal: AbortSignal, only?: number): Promise<TopicPositions> {
    return await this.#retrying(signal, () => this.#edges(topic, 'start', signal, only));
  }

  /** The first offset of each partition that is at least as new as `timeMs`; where there is none, the offset after the last one. */
  async offsetsAt(topic: string, timeMs: number, signal: AbortSignal): Promise<TopicPositions> {
    return await this.#retrying(signal, async () => {
      const kafka = { brokers: this.#brokers, metadata: this.#metadata };
      const ends = await this.#edges(topic, 'end', signal);
      const found = [...ends].map(async ([partition, end]) => {
        return [partition, (await offsetAtTime(kafka, { topic, partition }, timeMs, signal)) ?? end] as const;
      });
      return new Map(await Promise.all(found));
    });
  }

  /** What a consumer group has committed of one topic, or of `only` some partitions; without those of which it has nothing. */
  async groupPositions(
    group: string,
    topic: string,
    signal: AbortSignal,
    only?: readonly number[],
  ): Promise<TopicPositions> {
    return await this.#retrying(signal, async () => {
      const partitions = only ?? [...(await this.#edges(topic, 'start', signal)).keys()];
      return await groupOffsets(this.#brokers, group, { topic, partitions }, signal);
    });
  }

  /**
   * Yields what lies at and after `from`, and goes on with what is written later, until `signal` aborts. With `until`, each partition ends
   * before its offset there.
   */
  async *read(
    topic: string,
    from: TopicPositions,
    signal: AbortSignal,
    until?: TopicPositions,
  ): AsyncGenerator<RawRecord> {
    const positions = new Map(from);
    while (!signal.aborted && positions.size > 0) {
      for (const [partition, position] of positions) {
        if (signal.aborted) return;
        if (until !== undefined && position >= (until.get(partition) ?? position)) {
          positions.delete(partition);
          continue;
        }
        const asked = { topic, partition, position };
        const found = await this.#retrying(signal, () => this.#fetch(asked, positions.size, signal)).catch((error) => {
          if (signal.aborted) return undefined;
          throw error;
        });
        if (found === undefined) return;
        positions.set(partition, found.next);
        const end = until?.get(partition);
        for (const record of found.records) {
          if (end === undefined || BigInt(record.offset) < end) yield rawRecord(topic, partition, record);
        }
      }
    }
  }

  async close(): Promise<void> {
    this.#brokers.close();
  }

  async #edges(topic: string, edge: 'start' | 'end', signal: AbortSignal, only?: number): Promise<TopicPositions> {
    await this.#metadata.refresh([topic], signal);
    const state = this.#metadata.stateOf(topic);
    if (state.kind === 'refused') throw lastingFailure(state.errorCode, `reading topic ${topic}`);
    const kafka = { brokers: this.#brokers, metadata: this.#metadata };
    // One listener per partition.
    setMaxListeners(0, signal);
    const edges = this.#metadata
      .partitionsOf(topic)
      .filter((partition) => only === undefined || partition === only)
      .map(async (partition) => [partition, await logEdge(kafka, { topic, partition }, edge, signal)] as const);
    return new Map(await Promise.all(edges));
  }

  async #fetch(
    { topic, partition, position }: { topic: string; partition: number; position: Offset },
    partitionCount: number,
    signal: AbortSignal,
  ): Promise<{ readonly records: readonly FetchedRecord[]; readonly next: Offset }> {
    const at = { topic, partition };
    if (this.#metadata.leaderOf(at) === undefined) await this.#metadata.refresh([topic], signal);
    const leader = this.#metadata.leaderOf(at);
    if (leader === undefined) throw new Error(`no broker leads ${partitionText(at)}`);
    const partitions = [{ partition, fetchOffset: String(position), maxBytes: PARTITION_BYTES }];
    const limits = { minBytes: 1, maxBytes: PARTITION_BYTES, isolationLevel: READ_COMMITTED, rackId: '' } as const;
    const maxWaitTime = Math.ceil(LONG_POLL_MS / partitionCount);
    const question = { ...limits, maxWaitTime, topics: [{ topic, partitions }] };
    const answer = await this.#brokers.ask(leader, 'Fetch', question, signal);
    const fetched = answer.responses[0]?.partitions[0];
    if (fetched === undefined) throw new Error(`fetching ${partitionText(at)}: the answer does not name it`);
    if (fetched.errorCode === kafkaError.none) return committedRecords(position, fetched);
    const attempted = `reading ${partitionText(at)}@${position}`;
    const lasting = lastingFailure(fetched.errorCode, attempted);
    if (lasting !== undefined) throw lasting;
    if (fetched.errorCode === kafkaError.offsetOutOfRange) {
      const start = await logEdge({ brokers: this.#brokers, metadata: this.#metadata }, at, 'start', signal);
      if (start > position) return { records: [], next: start };
    }
    await this.#metadata.refresh([topic], signal);
    throw new Error(`${attempted}: ${errorName(fetched.errorCode)}`);
  }

  async #retrying<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    let failure = 'no answer';
    for (let failures = 1; ; failures += 1) {
      try {
        return await unlessAborted(attempt(), signal, () => readingGivenUp(failure));
      } catch (error) {
        if (error instanceof EngineError) throw error;
        if (signal.aborted) throw readingGivenUp(failure);
        if (error instanceof UnreadableAnswer) throw unreadable(error);
        failure = messageOf(error);
        await this.#clock.sleep(pauseMs(failures, this.#random), signal);
      }
    }
  }
}

/** Says what went wrong last: whoever waited in vain wants to know. */
function readingGivenUp(failure: string): EngineError {
  return givenUp(`reading from Kafka was given up: ${failure}`);
}

function unreadable(error: UnreadableAnswer): EngineError {
  const text = `records cannot be decoded: ${error.message}`;
  return new EngineError('RECORD_REFUSED', text, { retriable: false, cause: error });
}

function rawRecord(topic: string, partition: number, record: FetchedRecord): RawRecord {
  return {
    topic,
    partition,
    offset: BigInt(record.offset),
    key: record.key?.toString(),
    value: record.value ?? new Uint8Array(0),
    headers: textHeaders(record),
    timestampMs: Number(record.timestamp),
  };
}
