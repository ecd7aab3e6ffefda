import { KafkaProducer } from '../adapters/kafka/producer.js';
import { type TopicPositions, TopicReader } from '../adapters/kafka/topic-reader.js';
import { EngineError } from '../domain/errors.js';
import { kafkaConnection } from '../engine/outside-options.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { commandTelemetry } from './command-telemetry.js';
import type { DigestBus } from './digest-bus.js';
import type { DigestSettings } from './digest-settings.js';

/**
 * The digest from outside, on Kafka: messages keyed by user, digests as readers of committed transactions see them. `isOrdered`: commands
 * go to the topic of the alarms, behind those of their user; on a topic of their own they may overtake them.
 */
export async function openKafkaBus(
  { config }: DigestSettings,
  isOrdered: boolean,
  signal: AbortSignal,
): Promise<DigestBus> {
  const connection = kafkaConnection(config, 'mon-notification-cli');
  const deps = { clock: systemClock, random: systemRandom, telemetry: commandTelemetry() };
  const producer = new KafkaProducer(connection, { ...deps, onAnswered: () => undefined, onFailure: () => undefined });
  const reader = new TopicReader(connection, deps);
  const closing = new AbortController();
  const { topics } = config.digest;
  const close = async () => {
    closing.abort();
    await producer.close();
    await reader.close();
  };
  const ends = await endsOf(reader, topics.digest, signal).catch(async (error: unknown) => {
    // An open connection would keep the command from ending.
    await close();
    throw error;
  });
  const underWay = new Set<Promise<void>>();
  let failure: unknown;
  const listen = async (hear: (text: string) => void) => {
    for await (const { value } of reader.read(topics.digest, ends, closing.signal)) hear(Buffer.from(value).toString());
  };
  return {
    publish(kind, userId, value) {
      const topic = kind === 'status' || isOrdered ? topics.status : topics.command;
      const publishing = producer.publish(topic, { key: userId, value, headers: {} }, closing.signal).then(
        () => void underWay.delete(publishing),
        (error: unknown) => {
          failure = error;
          underWay.delete(publishing);
        },
      );
      underWay.add(publishing);
    },
    async flush() {
      await Promise.all(underWay);
      if (failure !== undefined) throw failure;
    },
    listen: async (hear) => {
      void listen(hear).catch((error: unknown) => {
        failure = error;
      });
    },
    close,
  };
}

async function endsOf(reader: TopicReader, topic: string, signal: AbortSignal): Promise<TopicPositions> {
  const ends = await reader.logEnds(topic, signal);
  if (ends.size > 0) return ends;
  const text = `topic ${topic} does not exist in Kafka: start mon-notification digest --transport kafka first`;
  throw new EngineError('STORE_UNAVAILABLE', text, { retriable: false });
}
