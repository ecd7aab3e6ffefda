import { randomUUID } from 'node:crypto';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { KafkaConnection } from '../../src/adapters/kafka/connection-options.js';
import { isNonEmpty } from '../../src/domain/position.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

interface Services {
  readonly kafkaUrl: string;
  readonly kafkaUsers: Readonly<Record<'admin' | 'notify', string>>;
  readonly names: readonly string[];
  readonly dir: string;
  kill(name: string): Promise<void>;
  end(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  pause(name: string): void;
  resume(name: string): void;
  stop(): Promise<void>;
}

export interface LabOptions {
  readonly kafkaBrokers?: 1 | 3;
  readonly kafkaSasl?: boolean;
  readonly kafkaConfig?: Readonly<Record<string, string>>;
  /** A second listener, whose clients are told to go on at `advertisedPort`. */
  readonly kafkaSide?: { readonly port: number; readonly advertisedPort: number };
}

/**
 * A private Kafka with a client of its own kind, the public part of kafkajs: what the adapters are measured against must not be the
 * adapters themselves.
 */
export class KafkaLab {
  readonly services: Services;
  readonly connection: KafkaConnection;
  readonly kafka: Kafka;
  readonly admin: Admin;

  private constructor(services: Services, sasl: boolean) {
    const brokers = services.kafkaUrl.split(',');
    if (!isNonEmpty(brokers)) throw new Error('no broker');
    this.services = services;
    this.connection = { brokers, clientId: 'lab', ssl: undefined, sasl: undefined };
    const login = { mechanism: 'plain', username: 'admin', password: services.kafkaUsers?.admin ?? '' } as const;
    this.kafka = new Kafka({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 5_000,
      retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 500 },
      ...(sasl ? { sasl: login } : {}),
    });
    this.admin = this.kafka.admin();
  }

  static async start(options: LabOptions = {}): Promise<KafkaLab> {
    const file = new URL('../../../../deploy/dev/services.mjs', import.meta.url);
    const { startServices } = (await import(file.href)) as { startServices(options: unknown): Promise<Services> };
    const services = await startServices({ env: {}, only: ['kafka'], log: () => undefined, ...options });
    const lab = new KafkaLab(services, options.kafkaSasl === true);
    await lab.admin.connect();
    return lab;
  }

  /** The first three of what every adapter here is built with. */
  deps() {
    return { clock: systemClock, random: systemRandom, telemetry: new RecordingTelemetry() };
  }

  topicName(): string {
    return `t-${randomUUID()}`;
  }

  async topic(options: { partitions?: number; name?: string; config?: Readonly<Record<string, string>> } = {}) {
    const { partitions = 1, name = this.topicName(), config = {} } = options;
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    const replicationFactor = this.services.names.length;
    await this.admin.createTopics({
      topics: [{ topic: name, numPartitions: partitions, replicationFactor, configEntries }],
    });
    return name;
  }

  /** Writes values by one request, to one partition, by a producer of its own: one that knows a deleted topic writes nothing any more. */
  async write(topic: string, values: readonly (string | null)[], partition = 0, compression = 0): Promise<void> {
    const producer = this.kafka.producer({ createPartitioner: () => () => partition });
    await producer.connect();
    try {
      await producer.send({ topic, compression, messages: values.map((value) => ({ value, key: null })) });
    } finally {
      await producer.disconnect();
    }
  }

  /** First and next offset of every partition. */
  async ends(topic: string): Promise<readonly { partition: number; low: string; high: string }[]> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    return offsets.sort((a, b) => a.partition - b.partition);
  }

  /** Deletes what lies before `offset`. The public client must be asked for the offsets first, else it knows no leader. */
  async deleteRecords(topic: string, offset: string, partition = 0): Promise<void> {
    await this.ends(topic);
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset }] });
  }

  async stop(): Promise<void> {
    await this.admin.disconnect().catch(() => undefined);
    await this.services.stop();
  }
}

/** `prefix-from` to `prefix-to`, both included. */
export function numbered(prefix: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${prefix}-${from + index}`);
}
