import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import { KafkaDeadLetters } from '../adapters/kafka/dead-letters.js';
import { KafkaProducer } from '../adapters/kafka/producer.js';
import { KafkaPublisher, type OutputTopics } from '../adapters/kafka/publisher.js';
import { createMissingTopics } from '../adapters/kafka/topics.js';
import { measuringCanaries } from '../canary/round-trips.js';
import { decodeSettledAlarm } from '../domain/codec.js';
import { isGivenUp } from '../domain/errors.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { SentNotificationProcessor } from '../stages/sent-notification-processor.js';
import { stageParts } from './stage-parts.js';
import { kafkaDeps, type Surroundings } from './surroundings.js';

export interface SentNotificationProcessorConfig {
  readonly connection: KafkaConnection;
  readonly alarmTopic: string;
  readonly topics: OutputTopics;
  /** Those of them that are created when Kafka lacks them; empty: none. */
  readonly createTopics: readonly string[];
}

/** Enough for full batches on every partition; what waits here is settled already. */
const inHandCount = 1_000;

/** The worker that writes outcome records, and creates the topics for them. */
export function sentNotificationProcessor(config: SentNotificationProcessorConfig, around: Surroundings): WorkerParts {
  const { telemetry, instance } = around;
  const producer = new KafkaProducer(config.connection, kafkaDeps(around));
  const publisher = new KafkaPublisher(producer, config.topics, { instance, telemetry });
  const deadLetters = new KafkaDeadLetters(producer, config.topics.deadLetterTopic, { instance, telemetry });
  const stage = new SentNotificationProcessor(measuringCanaries(publisher, around), deadLetters);
  const closing = new AbortController();
  if (config.createTopics.length > 0) {
    createMissingTopics(config.connection, config.createTopics, config.alarmTopic, around, closing.signal).catch(
      (error) => {
        if (!isGivenUp(error)) around.host.crash(error);
      },
    );
  }
  return stageParts(
    {
      stage,
      inHandCount,
      decode: decodeSettledAlarm,
      encode: (item: never) => item,
      quarantine: (position, payload, signal) => stage.quarantine(position, payload, signal),
      close: async () => {
        closing.abort();
        await producer.close();
      },
    },
    around,
  );
}
