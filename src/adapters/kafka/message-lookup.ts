import type { RawAlarm } from '../../domain/alarm.js';
import { messageOf } from '../../domain/errors.js';
import { type AlarmPosition, type Offset, partitionText, type TopicPartition } from '../../domain/position.js';
import type { FoundMessages, MessageLookup } from '../../ports/flow.js';
import type { Clock } from '../../ports/system.js';
import type { AlarmSourceDeps } from './alarm-source.js';
import { Brokers } from './brokers.js';
import { committedRecords } from './committed-records.js';
import type { KafkaConnection } from './connection-options.js';
import { KafkaFailure, kafkaError } from './kafka-failure.js';
import type { FetchedPartition, FetchedRecord } from './library-types.js';
import { logEdge, Metadata } from './metadata.js';
import { rawAlarmOf } from './raw-alarm.js';

const REQUEST_LIMIT_MS = 5_000;
/** What a broker that is away may cost those that are not. */
const FIND_LIMIT_MS = 5_000;
/** Kafka sends at least one whole batch, of the first partition that has something; one that is larger than this makes the others wait. */
const PARTITION_BYTES = 32 * 1024;
const ANSWER_BYTES = 8 * 1024 * 1024;
/** When so much was found, the rest is left for the next question. */
const FOUND_BYTES = 32 * 1024 * 1024;
const READ_COMMITTED = 1;

/** What is still wanted of one partition, in rising order. */
interface Wanted {
  readonly at: TopicPartition;
  offsets: readonly Offset[];
}

type Deps = Omit<AlarmSourceDeps, 'onEvent'>;

/**
 * Fetches single messages by position: one request at a time per broker, for all its partitions together, until each wanted message was
 * seen or is known to be gone.
 *
 * A broker that fails is left out of the answer, and delays the others by no more than the limit of one search. Has connections of its own, since a long poll of a source on the
 * same one would be in the way.
 */
export class KafkaMessageLookup implements MessageLookup {
  readonly #deps: Deps;
  readonly #brokers: Brokers;
  readonly #metadata: Metadata;

  constructor(connection: KafkaConnection, deps: Deps) {
    this.#deps = deps;
    this.#brokers = new Brokers(connection, REQUEST_LIMIT_MS, deps);
    this.#metadata = new Metadata(this.#brokers);
  }

  async find(positions: readonly AlarmPosition[], signal: AbortSignal): Promise<FoundMessages> {
    const limit = this.#deps.clock.limit(FIND_LIMIT_MS, signal);
    const search = new Search(positions, limit);
    try {
      await this.#knowLeaders(search);
      const searches = [...this.#byLeader(search)].map(([leader, wanted]) => this.#search(leader, wanted, search));
      await Promise.all(searches);
    } catch (error) {
      this.#failed(error, search);
    } finally {
      limit.clear();
    }
    return search;
  }

  async close(): Promise<void> {
    this.#brokers.close();
  }

  async #knowLeaders(search: Search): Promise<void> {
    const wanted = [...search.wanted.values()];
    if (wanted.some(({ at }) => this.#metadata.leaderOf(at) === undefined)) await this.#refresh(wanted, search);
  }

  #byLeader(search: Search): ReadonlyMap<number, Wanted[]> {
    const byLeader = new Map<number, Wanted[]>();
    for (const wanted of search.wanted.values()) {
      const leader = this.#metadata.leaderOf(wanted.at);
      if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), wanted]);
    }
    return byLeader;
  }

  async #search(leader: number, all: readonly Wanted[], search: Search): Promise<void> {
    let wanted = all;
    try {
      while (wanted.length > 0 && search.foundBytes < FOUND_BYTES) wanted = await this.#round(leader, wanted, search);
    } catch (error) {
      this.#failed(error, search);
      await this.#refresh(all, search).catch(() => undefined);
    }
  }

  /**
   * One request for the first wanted message of each partition. Resolves to the partitions of which another one is of use: those left out, for
   * want of space, of an answer that holds others come first, since the first of them is never left out.
   */
  async #round(leader: number, wanted: readonly Wanted[], search: Search): Promise<readonly Wanted[]> {
    const topics = wanted.map(({ at, offsets: [first = 0n] }) => ({
      topic: at.topic,
      partitions: [{ partition: at.partition, fetchOffset: String(first), maxBytes: PARTITION_BYTES }],
    }));
    const limits = { maxWaitTime: 10, minBytes: 1, maxBytes: ANSWER_BYTES, isolationLevel: READ_COMMITTED } as const;
    const asked = { ...limits, rackId: '', topics } as const;
    const answer = await this.#brokers.ask(leader, 'Fetch', asked, search.limit.signal);
    this.#deps.onAnswered();
    const leftOut: Wanted[] = [];
    const served: Wanted[] = [];
    for (const { topicName, partitions } of answer.responses) {
      for (const part of partitions) {
        const name = partitionText({ topic: topicName, partition: part.partition });
        const one = wanted.find(({ at }) => partitionText(at) === name);
        const what = one && (await this.#take(one, part, search));
        if (one !== undefined && what === 'nothing') leftOut.push(one);
        if (one !== undefined && what === 'something') served.push(one);
      }
    }
    return served.length > 0 ? [...leftOut, ...served.filter(({ offsets }) => offsets.length > 0)] : [];
  }

  /** What the answer holds of a partition; 'failure' when there is no use in asking for it again now. */
  async #take(wanted: Wanted, part: FetchedPartition, search: Search): Promise<'something' | 'nothing' | 'failure'> {
    const [first = 0n] = wanted.offsets;
    if (part.errorCode === kafkaError.offsetOutOfRange) {
      const kafka = { brokers: this.#brokers, metadata: this.#metadata };
      const start = await logEdge(kafka, wanted.at, 'start', search.limit.signal);
      search.saw(wanted, [], start);
      return start > first ? 'something' : 'failure';
    }
    if (part.errorCode !== kafkaError.none) {
      this.#failed(new KafkaFailure(part.errorCode, `reading ${partitionText(wanted.at)}@${first}`), search);
      await this.#refresh([wanted], search);
      return 'failure';
    }
    const { records, next } = committedRecords(first, part);
    search.saw(wanted, records, next);
    return next > first ? 'something' : 'nothing';
  }

  async #refresh(wanted: readonly Wanted[], search: Search): Promise<void> {
    await this.#metadata.refresh([...new Set(wanted.map(({ at }) => at.topic))], search.limit.signal);
  }

  #failed(error: unknown, { limit }: Search): void {
    // Given up by the caller is no failure of Kafka.
    if (!limit.signal.aborted || limit.expired) this.#deps.onFailure(messageOf(error));
  }
}

/** One question on its way: what is wanted yet, what was found, what is gone. */
class Search implements FoundMessages {
  readonly wanted = new Map<string, Wanted>();
  readonly found: RawAlarm[] = [];
  readonly gone: AlarmPosition[] = [];
  foundBytes = 0;
  readonly limit: ReturnType<Clock['limit']>;

  constructor(positions: readonly AlarmPosition[], limit: ReturnType<Clock['limit']>) {
    this.limit = limit;
    const rising = [...positions].sort((one, other) => (one.offset < other.offset ? -1 : 1));
    for (const { topic, partition, offset } of rising) {
      const name = partitionText({ topic, partition });
      const before = this.wanted.get(name);
      if (before === undefined) this.wanted.set(name, { at: { topic, partition }, offsets: [offset] });
      else before.offsets = [...before.offsets, offset];
    }
  }

  /** All that Kafka shows of a partition from the first wanted offset up to `next`. */
  saw(wanted: Wanted, records: readonly FetchedRecord[], next: Offset): void {
    const shown = new Map(records.map((record) => [record.offset, record]));
    for (const offset of wanted.offsets) {
      if (offset >= next) break;
      const record = shown.get(String(offset));
      if (record === undefined) this.gone.push({ ...wanted.at, offset });
      else {
        // A copy: a part of the answer would keep all of it in memory.
        const value = new Uint8Array(record.value ?? []);
        this.foundBytes += value.byteLength;
        this.found.push({ ...rawAlarmOf(wanted.at, record, 0), value });
      }
    }
    wanted.offsets = wanted.offsets.filter((offset) => offset >= next);
  }
}
