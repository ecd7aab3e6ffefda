import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import type { MysqlOptions } from '../adapters/mysql/pool.js';
import type { Config } from '../config/config.js';
import { revealedTls } from '../config/revealed.js';
import type { KafkaDigestOptions } from '../worker/kafka-digest.js';

/** Two of them carry lookups, the others what is asked beside them. */
const mysqlConnectionCount = 4;
const queryTimeoutMs = 5_000;

/** Where a digest on Kafka works: the same for the engine's own and for a process of its own, so that each may stand by for the other. */
export function kafkaDigestPlace(
  config: Pick<Config, 'kafka' | 'zookeeper' | 'digest'>,
): Omit<KafkaDigestOptions, 'partitionCount' | 'instance'> {
  const { kafka, zookeeper, digest } = config;
  return {
    connection: kafkaConnection(config, 'mon-notification-digest'),
    zookeeper: { ...zookeeper, group: kafka.group },
    topics: {
      ...{ ...digest.topics, deadLetter: kafka.deadLetterTopic, retry: kafka.notificationRetryTopic },
      alarm: digest.fromAlarms ? kafka.alarmTopic : undefined,
    },
    publishesAll: digest.publishesAll,
    group: `${kafka.group}-digest`,
    lock: digest.lock,
    mayCreateTopics: kafka.createTopics,
  };
}

/** How a client of ours reaches Kafka. `clientId` is what the brokers' logs call it. */
export function kafkaConnection({ kafka }: Pick<Config, 'kafka'>, clientId: string): KafkaConnection {
  const { brokers, sasl, ssl } = kafka;
  return { brokers, clientId, sasl, ssl: ssl === undefined ? undefined : revealedTls(ssl) };
}

/** How the notification methods are asked for. */
export function mysqlOptions({ mysql, digest }: Pick<Config, 'mysql' | 'digest'>): MysqlOptions {
  const deliveries: Record<string, 'immediate' | 'digest'> = {};
  for (const [id, { delivery }] of digest.methods) if (delivery !== undefined) deliveries[id] = delivery;
  return { ...mysql, deliveries, ssl: mysql.ssl, connections: mysqlConnectionCount, queryTimeoutMs };
}
