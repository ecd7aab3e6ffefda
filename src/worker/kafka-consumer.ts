import { KafkaAlarmSource } from '../adapters/kafka/alarm-source.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import { KafkaOffsetMirror } from '../adapters/kafka/offset-mirror.js';
import { isNonEmpty } from '../domain/position.js';
import type { SourceEvent } from '../ports/flow.js';
import { toWireParcel } from '../runtime/wire.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { toParcel } from '../stages/kafka-consumer.js';
import { KnownEvents } from '../stages/known-events.js';
import { type SourceClients, SourceParts } from './source-parts.js';
import { kafkaDeps, type Surroundings } from './surroundings.js';

export interface KafkaConsumerConfig {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly alarmTopic: string;
  readonly windowCount: number;
  readonly dropKnownEvents: boolean;
}

/** A source that gives each alarm to main as soon as there is room. */
export function consumerParts(
  around: Surroundings,
  windowCount: number,
  open: (tell: (event: SourceEvent) => void) => SourceClients,
  known?: KnownEvents,
): SourceParts {
  return new SourceParts(around, windowCount, (loop, tell) => {
    const clients = open(tell);
    const run = async (signal: AbortSignal) => {
      for await (const batch of clients.source.read(signal)) {
        const parcels = batch.map((raw) => toWireParcel(toParcel(raw, known)));
        // Between the yield and here only promise jobs ran, so no pause can have come: the batch belongs to the present term.
        if (isNonEmpty(parcels)) await loop.give(loop.term, parcels);
      }
    };
    return { ...clients, reader: { run } };
  });
}

/** The worker that reads Kafka: connects at once, reads what main tells it to. */
export function kafkaConsumer(config: KafkaConsumerConfig, around: Surroundings): WorkerParts {
  const { connection, alarmTopic, windowCount, group, dropKnownEvents } = config;
  const open = (onEvent: (event: SourceEvent) => void) => ({
    source: new KafkaAlarmSource({ connection, topics: [alarmTopic], windowCount }, { ...kafkaDeps(around), onEvent }),
    mirror: new KafkaOffsetMirror(connection, group, around),
  });
  const known = dropKnownEvents ? new KnownEvents() : undefined;
  const parts = consumerParts(around, windowCount, open, known);
  parts.start();
  return parts;
}
