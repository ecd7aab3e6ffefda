import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs';
import { type RawRecord, TopicReader } from '../../src/adapters/kafka/topic-reader.js';
import { Secret } from '../../src/domain/secret.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

export interface KafkaLogin {
  readonly username: string;
  readonly password: string;
}

export interface Outgoing {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly value: string | Buffer | null;
}

/** Where Kafka acknowledged a message. */
export interface Acknowledged {
  readonly partition: number;
  readonly offset: bigint;
}

/** Kafka as a test uses it: as the producer of alarms, as the operator of topics, and as the reader of what the engine wrote. */
export class AlarmKafka {
  readonly admin: Admin;
  readonly #kafka: Kafka;
  readonly #url: string;
  readonly #login: KafkaLogin | undefined;
  #producer: Producer | undefined;

  private constructor(url: string, login: KafkaLogin | undefined) {
    this.#url = url;
    this.#login = login;
    this.#kafka = new kafkajs.Kafka({
      brokers: url.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 0 },
      requestTimeout: 3_000,
      connectionTimeout: 1_000,
      ...(login === undefined ? {} : { sasl: { mechanism: 'plain' as const, ...login } }),
    });
    this.admin = this.#kafka.admin({ retry: { retries: 10 } });
  }

  static async connect(url: string, login?: KafkaLogin): Promise<AlarmKafka> {
    const kafka = new AlarmKafka(url, login);
    await kafka.admin.connect();
    return kafka;
  }

  async createTopic(topic: string, partitionCount: number): Promise<void> {
    const shape = { topic, numPartitions: partitionCount, replicationFactor: 1 };
    await this.admin.createTopics({ topics: [shape], waitForLeaders: true });
  }

  async addPartitions(topic: string, count: number): Promise<void> {
    await this.admin.createPartitions({ topicPartitions: [{ topic, count }] });
    await this.#dropProducer();
  }

  /** Deletes what lies before `offset`, as retention does. */
  async deleteRecords(topic: string, partition: number, offset: string): Promise<void> {
    // The client must be asked for the offsets first, else it knows no leader.
    await this.admin.fetchTopicOffsets(topic);
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset }] });
  }

  /** Sends in one request, acknowledged by all replicas; the answers are in the order of `messages`. @throws when it is not. */
  async produce(topic: string, messages: readonly Outgoing[]): Promise<readonly Acknowledged[]> {
    try {
      if (this.#producer === undefined) {
        this.#producer = this.#kafka.producer({ allowAutoTopicCreation: false });
        await this.#producer.connect();
      }
      const answers = await this.#producer.send({ topic, acks: -1, messages: [...messages] });
      const next = new Map(answers.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? '-1')]));
      return messages.map(({ partition }) => {
        const offset = next.get(partition);
        if (offset === undefined || offset < 0n) throw new Error(`partition ${partition} was not acknowledged`);
        next.set(partition, offset + 1n);
        return { partition, offset };
      });
    } catch (error) {
      await this.#dropProducer();
      throw error;
    }
  }

  /** Everything in a topic at this moment; nothing when it does not exist. */
  async records(topic: string): Promise<readonly RawRecord[]> {
    const { reader, signal } = this.#reader();
    const records: RawRecord[] = [];
    try {
      const starts = await reader.logStarts(topic, signal);
      const ends = await reader.logEnds(topic, signal);
      // Not to the last record: the last offset may be the mark of a transaction.
      for await (const record of reader.read(topic, starts, signal, ends)) records.push(record);
      if (signal.aborted) throw new Error(`topic ${topic} could not be read to its end`);
      return records;
    } finally {
      await reader.close();
    }
  }

  /** The offset after the last one, by partition. */
  async logEnds(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const { reader, signal } = this.#reader();
    try {
      return await reader.logEnds(topic, signal);
    } finally {
      await reader.close();
    }
  }

  /** Offsets that a consumer group has committed, by partition. */
  async groupOffsets(group: string, topic: string): Promise<ReadonlyMap<number, bigint>> {
    const [answer] = await this.admin.fetchOffsets({ groupId: group, topics: [topic] });
    return new Map((answer?.partitions ?? []).map(({ partition, offset }) => [partition, BigInt(offset)]));
  }

  async close(): Promise<void> {
    await this.#dropProducer();
    await this.admin.disconnect().catch(() => undefined);
  }

  /** It keeps dead connections, stale leaders and old partitions in mind; the next one begins afresh. */
  async #dropProducer(): Promise<void> {
    await this.#producer?.disconnect().catch(() => undefined);
    this.#producer = undefined;
  }

  #reader(): { readonly reader: TopicReader; readonly signal: AbortSignal } {
    const login = this.#login;
    const sasl =
      login === undefined
        ? undefined
        : { mechanism: 'plain' as const, username: login.username, password: new Secret(login.password) };
    const [first = '', ...rest] = this.#url.split(',');
    const reader = new TopicReader(
      { brokers: [first, ...rest], clientId: 'test', ssl: undefined, sasl },
      { clock: systemClock, random: systemRandom, telemetry: new RecordingTelemetry() },
    );
    return { reader, signal: AbortSignal.timeout(30_000) };
  }
}
