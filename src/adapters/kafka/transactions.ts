import { EngineError, givenUp, messageOf } from '../../domain/errors.js';
import { partitionText, type TopicPartition } from '../../domain/position.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Brokers } from './brokers.js';
import { KafkaFailure, kafkaError, lastingFailure } from './kafka-failure.js';
import type { Metadata } from './metadata.js';
import { pauseMs } from './waiting.js';

const transactionTimeoutMs = 60_000;
const replicasLimitMs = 10_000;
/** A request stays below the 1 MiB that Kafka takes by default. */
const requestBytes = 900_000;
const recordOverheadBytes = 128;
/** The coordinator is still writing the end of the one before. */
const busyPauseMs = 5;
/** The coordinator moves, or has just been born. */
const loadingPauseMs = 200;

/** One record of a transaction; a value of null removes its key from a compacted topic. */
export interface TransactionRecord {
  readonly at: TopicPartition;
  readonly key: string;
  readonly value: string | Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What one transaction holds: all of it becomes visible, or nothing. */
export interface TransactionWork {
  readonly records: readonly TransactionRecord[];
  /** Next to read, by partition, committed for `group`. */
  readonly offsets: readonly { readonly at: TopicPartition; readonly nextToRead: bigint }[];
  readonly group: string;
}

interface Parts {
  readonly brokers: Brokers;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly random: Random;
  /** @throws FENCED when we may not go on; asked before anything that would fence another. */
  readonly demand: () => void;
}

interface Producer {
  readonly producerId: string;
  readonly producerEpoch: number;
}

const fencedCodes: readonly number[] = [
  kafkaError.invalidProducerEpoch,
  kafkaError.producerFenced,
  kafkaError.invalidProducerIdMapping,
];

/** The coordinator cannot say yet: nothing has happened, and the same question is asked again. */
const busyCodes: readonly number[] = [
  kafkaError.concurrentTransactions,
  kafkaError.coordinatorLoading,
  kafkaError.coordinatorNotAvailable,
  kafkaError.notCoordinator,
];

/**
 * Writes to Kafka in transactions under one transactional id; whoever begins with the same id later fences this one.
 *
 * Built on single requests, like every write here: the library's own producer takes the answer of one partition for that of another. After
 * a failure the next commit begins with a new epoch, which aborts what was left open. Only the end of a transaction is asked for again as
 * it is, until it is answered: nobody else could tell what became of it. Source: KIP-98.
 */
export class KafkaTransactions {
  readonly #transactionalId: string;
  readonly #parts: Parts;
  readonly #sequences = new Map<string, number>();
  #producer: Producer | undefined;
  #coordinators = new Map<string, number>();

  constructor(transactionalId: string, parts: Parts) {
    this.#transactionalId = transactionalId;
    this.#parts = parts;
  }

  /** Fences every earlier producer of this id, and ends what it left open. @throws what `commit` throws. */
  async begin(signal: AbortSignal): Promise<void> {
    this.#parts.demand();
    const asked = { transactionalId: this.#transactionalId, transactionTimeout: transactionTimeoutMs };
    const answer = await this.#untilFree(signal, async () => {
      const node = await this.#coordinator(1, this.#transactionalId, signal);
      const said = await this.#parts.brokers.ask(node, 'InitProducerId', asked, signal);
      this.#check(said.errorCode, 'beginning with a transactional id');
      return said;
    });
    this.#sequences.clear();
    this.#producer = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
  }

  /**
   * Makes `work` durable as a whole.
   *
   * @throws FENCED when another producer of this id has begun; RIGHT_MISSING; otherwise retriable, and nothing of it is visible.
   */
  async commit(work: TransactionWork, signal: AbortSignal): Promise<void> {
    if (work.records.length + work.offsets.length === 0) return;
    try {
      if (this.#producer === undefined) await this.begin(signal);
      await this.#fill(work, signal);
      this.#parts.demand();
      await this.#end(signal);
    } catch (error) {
      this.#producer = undefined;
      this.#coordinators = new Map();
      if (error instanceof EngineError) throw error;
      throw new EngineError('STORE_UNAVAILABLE', `a Kafka transaction: ${messageOf(error)}`, {
        retriable: true,
        cause: error,
      });
    }
  }

  async #fill({ records, offsets, group }: TransactionWork, signal: AbortSignal): Promise<void> {
    const batches = batchesOf(records);
    if (batches.length > 0) {
      await this.#refreshLeaders(batches, signal);
      await this.#addPartitions([...new Map(batches.map(({ at }) => [partitionText(at), at])).values()], signal);
    }
    // One partition after the other inside a partition's own numbers; different partitions do not wait for each other.
    await Promise.all([...groupedByPartition(batches).values()].map((lane) => this.#produce(lane, signal)));
    if (offsets.length > 0) await this.#addOffsets(offsets, group, signal);
  }

  async #refreshLeaders(batches: readonly Batch[], signal: AbortSignal): Promise<void> {
    const unknown = batches.filter(({ at }) => this.#parts.metadata.leaderOf(at) === undefined);
    if (unknown.length > 0 || this.#coordinators.size === 0) {
      await this.#parts.metadata.refresh([...new Set(batches.map(({ at }) => at.topic))], signal);
    }
  }

  async #addPartitions(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const byTopic = new Map<string, number[]>();
    for (const { topic, partition } of partitions) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition]);
    const topics = [...byTopic].map(([topic, numbers]) => ({ topic, partitions: numbers }));
    await this.#untilFree(signal, async () => {
      const node = await this.#coordinator(1, this.#transactionalId, signal);
      const said = await this.#parts.brokers.ask(node, 'AddPartitionsToTxn', { ...this.#name(), topics }, signal);
      for (const { errorCode } of said.errors.flatMap(({ partitionErrors }) => partitionErrors)) {
        this.#check(errorCode, 'adding partitions to a transaction');
      }
    });
  }

  async #produce(batches: readonly Batch[], signal: AbortSignal): Promise<void> {
    for (const { at, records } of batches) {
      const leader = this.#parts.metadata.leaderOf(at);
      const attempted = `writing to ${partitionText(at)} in a transaction`;
      if (leader === undefined) throw new KafkaFailure(kafkaError.leaderNotAvailable, attempted);
      const firstSequence = this.#sequences.get(partitionText(at)) ?? 0;
      // The library writes bytes of any other kind than Buffer as text.
      const messages = records.map(({ key, value, headers }) => ({
        ...{ key, headers },
        value: value === null || typeof value === 'string' ? value : Buffer.from(value),
      }));
      const topicData = [{ topic: at.topic, partitions: [{ partition: at.partition, firstSequence, messages }] }];
      const asked = { acks: -1, timeout: replicasLimitMs, ...this.#name(), topicData } as const;
      const answer = await this.#parts.brokers.ask(leader, 'Produce', asked, signal);
      const part = answer.topics?.[0]?.partitions[0];
      if (part === undefined) throw new Error(`${attempted}: the answer does not name the partition`);
      this.#check(part.errorCode, attempted);
      this.#sequences.set(partitionText(at), firstSequence + records.length);
    }
  }

  async #addOffsets(offsets: TransactionWork['offsets'], groupId: string, signal: AbortSignal): Promise<void> {
    await this.#untilFree(signal, async () => {
      const node = await this.#coordinator(1, this.#transactionalId, signal);
      const said = await this.#parts.brokers.ask(node, 'AddOffsetsToTxn', { ...this.#name(), groupId }, signal);
      this.#check(said.errorCode, 'adding offsets to a transaction');
    });
    const node = await this.#coordinator(0, groupId, signal);
    const topics = offsets.map(({ at, nextToRead }) => ({
      topic: at.topic,
      partitions: [{ partition: at.partition, offset: String(nextToRead), metadata: null }],
    }));
    const said = await this.#parts.brokers.ask(node, 'TxnOffsetCommit', { ...this.#name(), groupId, topics }, signal);
    for (const { errorCode } of said.topics.flatMap(({ partitions }) => partitions)) {
      this.#check(errorCode, 'committing offsets in a transaction');
    }
  }

  /** Asks until there is an answer: a transaction whose end is in doubt must not be done twice. */
  async #end(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        const node = await this.#coordinator(1, this.#transactionalId, signal);
        const asked = { ...this.#name(), transactionResult: true };
        const said = await this.#parts.brokers.ask(node, 'EndTxn', asked, signal);
        this.#check(said.errorCode, 'ending a transaction');
        return;
      } catch (error) {
        const isAnswer = error instanceof KafkaFailure && error.errorCode === kafkaError.invalidTransactionState;
        if (error instanceof EngineError || isAnswer) throw error;
        this.#coordinators.clear();
        await this.#parts.clock.sleep(pauseMs(failures + 1, this.#parts.random), signal);
        if (signal.aborted) throw givenUp('ending a transaction was given up');
        this.#parts.demand();
      }
    }
  }

  /** Tries again while the coordinator is still busy with the transaction before. */
  async #untilFree<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof KafkaFailure) || !busyCodes.includes(error.errorCode)) throw error;
        const isBusy = error.errorCode === kafkaError.concurrentTransactions;
        if (!isBusy) this.#coordinators.clear();
        await this.#parts.clock.sleep(isBusy ? busyPauseMs : loadingPauseMs, signal);
        this.#parts.demand();
        if (signal.aborted) throw givenUp('a transaction was given up');
      }
    }
  }

  async #coordinator(coordinatorType: 0 | 1, name: string, signal: AbortSignal): Promise<number> {
    const known = this.#coordinators.get(`${coordinatorType} ${name}`);
    if (known !== undefined) return known;
    const asked = { groupId: name, coordinatorType };
    const found = await this.#parts.brokers.ask('any', 'GroupCoordinator', asked, signal);
    this.#check(found.errorCode, `looking for the coordinator of ${name}`);
    this.#parts.brokers.learnOne(found.coordinator);
    this.#coordinators.set(`${coordinatorType} ${name}`, found.coordinator.nodeId);
    return found.coordinator.nodeId;
  }

  #name(): Producer & { readonly transactionalId: string } {
    if (this.#producer === undefined) throw new Error('the transactional producer has not begun');
    return { ...this.#producer, transactionalId: this.#transactionalId };
  }

  #check(errorCode: number, attempted: string): void {
    if (errorCode === kafkaError.none) return;
    if (fencedCodes.includes(errorCode)) {
      throw new EngineError('FENCED', `${attempted}: another instance has taken over`, { retriable: false });
    }
    throw lastingFailure(errorCode, attempted) ?? new KafkaFailure(errorCode, attempted);
  }
}

interface Batch {
  readonly at: TopicPartition;
  readonly records: readonly TransactionRecord[];
}

/** Records of one partition in their order, as many per batch as one request holds. */
function batchesOf(records: readonly TransactionRecord[]): readonly Batch[] {
  const open = new Map<string, { at: TopicPartition; records: TransactionRecord[]; bytes: number }>();
  const batches: Batch[] = [];
  for (const record of records) {
    const bytes = bytesOf(record);
    const name = partitionText(record.at);
    const present = open.get(name);
    if (present !== undefined && present.bytes + bytes <= requestBytes) {
      present.records.push(record);
      present.bytes += bytes;
      continue;
    }
    const batch = { at: record.at, records: [record], bytes };
    open.set(name, batch);
    batches.push(batch);
  }
  return batches;
}

function groupedByPartition(batches: readonly Batch[]): ReadonlyMap<string, readonly Batch[]> {
  const lanes = new Map<string, Batch[]>();
  for (const batch of batches)
    lanes.set(partitionText(batch.at), [...(lanes.get(partitionText(batch.at)) ?? []), batch]);
  return lanes;
}

function bytesOf({ key, value, headers }: TransactionRecord): number {
  const texts = [key, value ?? '', ...Object.entries(headers).flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), recordOverheadBytes);
}
