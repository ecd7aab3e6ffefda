import { KafkaProducer } from '../adapters/kafka/producer.js';
import { TopicReader } from '../adapters/kafka/topic-reader.js';
import type { Config } from '../config/config.js';
import { EngineError, isGivenUp } from '../domain/errors.js';
import { type Offset, partitionText } from '../domain/position.js';
import { kafkaConnection } from '../engine/outside-options.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { commandTelemetry } from './command-telemetry.js';

/** What Kafka holds of a partition: from the first offset to the one after the last. */
export interface LogRange {
  readonly start: Offset;
  readonly end: Offset;
}

/** What Kafka holds, by `topic/partition`. */
export type HeldByKafka = ReadonlyMap<string, LogRange>;

/** A reader under the name of a command; whoever opens it closes it. */
export function openReader(config: Config): TopicReader {
  return new TopicReader(kafkaConnection(config, 'mon-notification-cli'), {
    clock: systemClock,
    random: systemRandom,
    telemetry: commandTelemetry(),
  });
}

/** A producer under the name of a command; whoever opens it closes it. */
export function openProducer(config: Config): KafkaProducer {
  return new KafkaProducer(kafkaConnection(config, 'mon-notification-cli'), {
    clock: systemClock,
    random: systemRandom,
    telemetry: commandTelemetry(),
    onAnswered: () => undefined,
    onFailure: () => undefined,
  });
}

/**
 * Asks Kafka something that must be answered within `limitMs`; `what` names it in the error.
 *
 * @throws EngineError, retriable, saying what was asked, where, what went wrong last and what to check; what `ask` throws for good.
 */
export async function askKafka<T>(
  config: Config,
  { limitMs, what }: { readonly limitMs: number; readonly what: string },
  ask: (reader: TopicReader, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const reader = openReader(config);
  const limit = systemClock.limit(limitMs);
  try {
    return await ask(reader, limit.signal);
  } catch (error) {
    if (!isGivenUp(error)) throw error;
    throw kafkaAway(config, { limitMs, what }, error);
  } finally {
    limit.clear();
    await reader.close();
  }
}

/** The error for a question that Kafka did not answer in time. */
export function kafkaAway(
  config: Config,
  { limitMs, what }: { readonly limitMs: number; readonly what: string },
  cause: EngineError,
): EngineError {
  const text = `asked Kafka at ${config.kafka.brokers.join(', ')} for ${what}, in vain for ${limitMs / 1000} s: ${cause.message}`;
  const advice = 'check that the brokers run and can be reached from here, and kafka.url, kafka.ssl and kafka.sasl';
  return new EngineError('STORE_UNAVAILABLE', `${text}; ${advice}`, { retriable: true, cause });
}

/** What Kafka holds of these topics, by `topic/partition`; a topic that does not exist has none. */
export async function heldByKafka(
  config: Config,
  topics: Iterable<string>,
  asked: { readonly limitMs: number; readonly what: string },
): Promise<HeldByKafka> {
  return await askKafka(config, asked, async (reader, signal) => {
    const held = new Map<string, LogRange>();
    for (const topic of new Set(topics)) {
      const starts = await reader.logStarts(topic, signal);
      for (const [partition, end] of await reader.logEnds(topic, signal)) {
        held.set(partitionText({ topic, partition }), { start: starts.get(partition) ?? end, end });
      }
    }
    return held;
  });
}
