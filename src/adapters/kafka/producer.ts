import { setMaxListeners } from 'node:events';
import { EngineError, givenUp, messageOf } from '../../domain/errors.js';
import { partitionText } from '../../domain/position.js';
import { unlessAborted } from '../../domain/until-aborted.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Brokers } from './brokers.js';
import type { KafkaConnection } from './connection-options.js';
import { errorName, KafkaFailure, kafkaError, lastingFailure } from './kafka-failure.js';
import { Metadata } from './metadata.js';
import { Outage } from './outage.js';
import { partitionOfKey } from './partition-of-key.js';
import { PublishLane } from './publish-lane.js';
import { pauseMs } from './waiting.js';

const REQUEST_LIMIT_MS = 15_000;
/** How long the broker may wait for its replicas; shorter than our own limit, so that we hear of it. */
const REPLICAS_LIMIT_MS = 10_000;

/** What becomes one Kafka record. */
export interface OutgoingRecord {
  readonly key: string;
  readonly value: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** What decides on the partition; the key where it is absent. */
  readonly together?: string;
  /** Where it has to lie; absent: where the key says. */
  readonly partition?: number;
}

export interface ProducerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly onAnswered: () => void;
  readonly onFailure: (failure: string) => void;
}

/**
 * Writes records to Kafka, acknowledged by all in-sync replicas, and tries again for as long as it takes.
 *
 * One request per partition is under way at a time, holding one partition only, and its own answer decides: nothing is taken as written
 * because something else was. Records of one key keep their order. After a lost answer a record may be there twice, never out of order
 * with what follows it.
 */
export class KafkaProducer {
  readonly #deps: ProducerDeps;
  readonly #brokers: Brokers;
  readonly #metadata: Metadata;
  readonly #outage: Outage;
  readonly #lanes = new Map<string, PublishLane>();
  readonly #lookups = new Map<string, Promise<number>>();
  readonly #closing = new AbortController();

  constructor(connection: KafkaConnection, deps: ProducerDeps) {
    setMaxListeners(0, this.#closing.signal);
    this.#deps = deps;
    this.#brokers = new Brokers(connection, REQUEST_LIMIT_MS, deps);
    this.#metadata = new Metadata(this.#brokers);
    this.#outage = new Outage(deps.telemetry, deps.clock);
  }

  /**
   * Resolves when Kafka has the record. Waits out every outage.
   *
   * @throws RECORD_REFUSED when Kafka will never take it, such as one that is too large; RIGHT_MISSING or CONFIG_INVALID when it will take
   *   none from us; ABORTED when `signal` aborts first.
   */
  async publish(topic: string, record: OutgoingRecord, signal: AbortSignal): Promise<void> {
    // One signal serves every record under way in a worker; hundreds of listeners are no leak, and the warning would go to the log.
    setMaxListeners(0, signal);
    const count = await this.#partitionCount(topic, signal);
    const at = { topic, partition: record.partition ?? partitionOfKey(record.together ?? record.key, count) };
    const lane = this.#lanes.get(partitionText(at));
    // The library writes bytes of any other kind than Buffer as text.
    const value = typeof record.value === 'string' ? record.value : Buffer.from(record.value);
    if (lane !== undefined) return await lane.add({ ...record, value }, signal);
    const opened = new PublishLane();
    this.#lanes.set(partitionText(at), opened);
    const published = opened.add({ ...record, value }, signal);
    void this.#drain(at, opened);
    return await published;
  }

  /** Asks for a topic once, so that an outage is heard of while nothing is written to it. Never rejects. */
  async look(topic: string): Promise<void> {
    try {
      await this.#tryToLookUp(topic);
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#brokers.close();
  }

  async #partitionCount(topic: string, signal: AbortSignal): Promise<number> {
    const known = this.#metadata.partitionsOf(topic).length;
    if (known > 0) return known;
    const lookup = this.#lookups.get(topic) ?? this.#lookUp(topic);
    this.#lookups.set(topic, lookup);
    return await unlessAborted(lookup, signal, () => notPublished(topic));
  }

  async #lookUp(topic: string): Promise<number> {
    try {
      for (let failures = 0; !this.#closing.signal.aborted; ) {
        const count = await this.#tryToLookUp(topic);
        if (count > 0) return count;
        failures += 1;
        await this.#deps.clock.sleep(pauseMs(failures, this.#deps.random), this.#closing.signal);
      }
      throw notPublished(topic);
    } finally {
      this.#lookups.delete(topic);
    }
  }

  /** The number of partitions; 0 when Kafka does not answer or does not have the topic. */
  async #tryToLookUp(topic: string): Promise<number> {
    try {
      await this.#metadata.refresh([topic], this.#closing.signal);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#failed(messageOf(error));
      return 0;
    }
    const state = this.#metadata.stateOf(topic);
    const lasting = state.kind === 'refused' ? lastingFailure(state.errorCode, `writing to topic ${topic}`) : undefined;
    if (lasting !== undefined) throw lasting;
    if (state.kind === 'absent') this.#failed(`topic ${topic} does not exist in Kafka`);
    else this.#answered();
    return this.#metadata.partitionsOf(topic).length;
  }

  async #drain(at: { topic: string; partition: number }, lane: PublishLane): Promise<void> {
    for (let failures = 0; !lane.isEmpty; ) {
      if (this.#closing.signal.aborted) lane.failAll(notPublished(at.topic));
      else if (await this.#sendBatch(at, lane)) failures = 0;
      else {
        failures += 1;
        await this.#deps.clock.sleep(pauseMs(failures, this.#deps.random), this.#closing.signal);
        await this.#metadata.refresh([at.topic], this.#closing.signal).catch(() => {});
      }
    }
    this.#lanes.delete(partitionText(at));
  }

  /** False when nothing could be written and it is worth trying again. */
  async #sendBatch(at: { topic: string; partition: number }, lane: PublishLane): Promise<boolean> {
    const batch = lane.batch();
    const startedAtMonoMs = this.#deps.clock.monoMs();
    const attempted = `writing to ${partitionText(at)}`;
    try {
      await this.#send(
        at,
        batch.map(({ record }) => record),
        attempted,
      );
    } catch (error) {
      if (this.#closing.signal.aborted) return true;
      return this.#settleFailure(error, attempted, lane, batch);
    }
    this.#answered();
    this.#deps.telemetry.observe('publish_seconds', (this.#deps.clock.monoMs() - startedAtMonoMs) / 1_000);
    lane.acknowledged(batch);
    return true;
  }

  async #send(
    at: { topic: string; partition: number },
    messages: Parameters<PublishLane['add']>[0][],
    attempted: string,
  ): Promise<void> {
    const leader = this.#metadata.leaderOf(at);
    if (leader === undefined) throw new KafkaFailure(kafkaError.leaderNotAvailable, attempted);
    const topicData = [{ topic: at.topic, partitions: [{ partition: at.partition, messages }] }];
    const asked = { acks: -1, timeout: REPLICAS_LIMIT_MS, topicData } as const;
    const answer = await this.#brokers.ask(leader, 'Produce', asked, this.#closing.signal);
    const parts = (answer.topics ?? []).flatMap(({ topicName, partitions }) =>
      topicName === at.topic ? partitions.filter(({ partition }) => partition === at.partition) : [],
    );
    const [part] = parts;
    if (part === undefined || parts.length !== 1)
      throw new Error(`${attempted}: the answer does not name the partition`);
    if (part.errorCode !== kafkaError.none) throw new KafkaFailure(part.errorCode, attempted);
  }

  #settleFailure(
    error: unknown,
    attempted: string,
    lane: PublishLane,
    batch: ReturnType<PublishLane['batch']>,
  ): boolean {
    const errorCode = error instanceof KafkaFailure ? error.errorCode : kafkaError.none;
    const lasting = lastingFailure(errorCode, attempted);
    if (lasting !== undefined) {
      lane.failAll(lasting);
      return true;
    }
    if (isRefusal(errorCode)) {
      const text = `${attempted}: Kafka refuses the record, ${errorName(errorCode)}; see max.message.bytes of the topic`;
      lane.refused(batch, new EngineError('RECORD_REFUSED', text, { retriable: false, cause: error }));
      return true;
    }
    this.#failed(messageOf(error));
    return false;
  }

  #answered(): void {
    this.#outage.answered();
    this.#deps.onAnswered();
  }

  #failed(text: string): void {
    this.#outage.failed(text);
    this.#deps.onFailure(text);
  }
}

/** What waiting does not cure. Every other code is tried again, whatever Kafka's documentation calls it. */
function isRefusal(errorCode: number): boolean {
  return (
    errorCode === kafkaError.messageTooLarge ||
    errorCode === kafkaError.recordListTooLarge ||
    errorCode === kafkaError.unsupportedForMessageFormat
  );
}

function notPublished(topic: string): EngineError {
  return givenUp(`publishing to topic ${topic} was given up`);
}
