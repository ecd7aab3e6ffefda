import type { Config } from '../config/config.js';
import { revealedSections } from '../config/revealed.js';
import { isNonEmpty, type NonEmpty } from '../domain/position.js';
import type { StageName } from '../ports/flow.js';
import { toWireConfig } from '../runtime/config-wire.js';
import type { Crew } from '../runtime/supervisor.js';
import { type StageSpec, topology } from '../topology.js';
import { spanLimits } from '../tracker/finished-set.js';
import type { AlarmProcessorConfig } from '../worker/alarm-processor.js';
import type { DigestConfig } from '../worker/digest.js';
import type { KafkaConsumerConfig } from '../worker/kafka-consumer.js';
import type { NotificationProcessorConfig } from '../worker/notification-processor.js';
import type { SentNotificationProcessorConfig } from '../worker/sent-notification-processor.js';
import type { RetryEngineConfig, WaitingEngineConfig } from '../worker/waiting-engine.js';
import { kafkaConnection, kafkaDigestPlace, mysqlOptions } from './outside-options.js';

/** How far reading may run ahead of the committed offset: a bitset of so many finished alarms always fits a node. */
export const windowCapacity = spanLimits.alarms;

const longestRetryPauseMs = 3_600_000;

/** The pipeline with as many workers as the configuration asks for. */
export function stagesOf({ processors, kafka }: Config): NonEmpty<StageSpec> {
  const { alarmCount, notificationCount } = processors;
  return topology({ alarm: alarmCount, notification: notificationCount, periodic: kafka.periodic.length > 0 ? 1 : 0 });
}

/** The topics of what waits for its time, each with the stage that reads it. */
export function waitingTopicsOf({ kafka }: Config): ReadonlyMap<string, StageName> {
  const periodic = kafka.periodic.map(({ topic }) => [topic, 'periodic_engine'] as const);
  return new Map([[kafka.notificationRetryTopic, 'retry_engine'], ...periodic]);
}

/**
 * Who works at which stage and with what: downstream first, each with its stage's piece of the configuration and nothing else, since a
 * process cannot leak a secret that it was never given.
 */
export function crewsOf(config: Config, instance: string): readonly Crew[] {
  const common = { instance, log: config.log };
  return [...stagesOf(config)].reverse().map(({ stage, processes }) => {
    return { stage, processes, config: toWireConfig({ ...common, ...pieceOf(config, stage) }) };
  });
}

/** Who makes the digests of methods, once one asks for them; undefined when that is left to a process of its own. */
export function digestCrewOf(config: Config, instance: string): Crew | undefined {
  const { digest } = config;
  if (!digest.isEmbedded) return undefined;
  const piece: DigestConfig = {
    place: { ...kafkaDigestPlace(config), partitionCount: digest.workerCount, instance },
    rules: {
      ...{ empty: digest.empty, tombstoneDays: digest.tombstoneDays, schedule: digest.schedule },
      // No object by id: whoever chooses ids would choose its keys.
      ...{ userSchedules: [...digest.userSchedules], methods: [...digest.methods] },
    },
  };
  return { stage: 'digest', processes: 1, config: toWireConfig({ instance, log: config.log, ...piece }) };
}

function pieceOf(config: Config, stage: StageName): object {
  switch (stage) {
    case 'kafka_consumer':
      return consumerPiece(config);
    case 'alarm_processor':
      return alarmPiece(config);
    case 'notification_processor':
      return notificationPiece(config);
    case 'sent_notification_processor':
      return sentPiece(config);
    case 'retry_engine':
      return retryPiece(config);
    case 'periodic_engine':
      return periodicPiece(config);
    case 'digest':
      throw new RangeError('the digest is no part of the pipeline');
    default:
      return stage satisfies never;
  }
}

function consumerPiece(config: Config): KafkaConsumerConfig {
  const { group, alarmTopic } = config.kafka;
  const connection = kafkaConnection(config, 'mon-notification');
  const { dropKnownEvents } = config.processors;
  return { connection, group, alarmTopic, windowCount: windowCapacity, dropKnownEvents };
}

function waitingPiece(config: Config, topics: NonEmpty<string>): WaitingEngineConfig {
  const { group, deadLetterTopic } = config.kafka;
  const connection = kafkaConnection(config, 'mon-notification');
  return { connection, group, topics, deadLetterTopic, windowCount: spanLimits.waiting, mysql: mysqlOptions(config) };
}

function retryPiece(config: Config): RetryEngineConfig {
  const { intervalMs } = config.retry;
  const waiting = waitingPiece(config, [config.kafka.notificationRetryTopic]);
  return { ...waiting, intervalMs, ttlMs: config.processors.alarmTtlMs };
}

function periodicPiece(config: Config): WaitingEngineConfig {
  const topics = config.kafka.periodic.map(({ topic }) => topic);
  if (!isNonEmpty(topics)) throw new RangeError('a periodic engine without topics');
  return waitingPiece(config, topics);
}

function alarmPiece(config: Config): AlarmProcessorConfig {
  return {
    connection: kafkaConnection(config, 'mon-notification'),
    deadLetterTopic: config.kafka.deadLetterTopic,
    statusTopic: config.digest.topics.status,
    mysql: mysqlOptions(config),
    alarmTtlMs: config.processors.alarmTtlMs,
    registerTypes: config.enabledTypes,
  };
}

function notificationPiece(config: Config): NotificationProcessorConfig {
  return {
    enabledTypes: config.enabledTypes,
    sections: revealedSections(config.notifierSections),
    templates: config.templates,
    pluginModules: config.pluginModules,
    http: config.http,
    retry: retryPauses(config),
    periodic: config.kafka.periodic,
    senders: config.processors.notificationCount,
  };
}

/** An operator who asks for a longer first pause gets it. */
function retryPauses({ retry: { intervalMs, maxAttempts } }: Config): NotificationProcessorConfig['retry'] {
  return { baseMs: intervalMs, capMs: Math.max(longestRetryPauseMs, intervalMs), maxAttempts };
}

function sentPiece(config: Config): SentNotificationProcessorConfig {
  const { alarmTopic, notificationTopic, notificationRetryTopic, deadLetterTopic, periodic } = config.kafka;
  const topics = { notificationTopic, notificationRetryTopic, deadLetterTopic };
  const connection = kafkaConnection(config, 'mon-notification');
  const all = [...Object.values(topics), ...periodic.map(({ topic }) => topic)];
  return { connection, alarmTopic, topics, createTopics: config.kafka.createTopics ? all : [] };
}
