import { KafkaProducer } from '../adapters/kafka/producer.js';
import { Canary } from '../canary/canary.js';
import type { Config } from '../config/config.js';
import { kafkaConnection } from '../engine/outside-options.js';
import type { Engine } from '../engine.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { MergedMetrics } from '../telemetry/merge-metrics.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** The canary of a running engine. */
export type EngineCanary = Pick<Canary, 'notes' | 'stop'>;

interface About {
  readonly engine: Engine;
  readonly metrics: MergedMetrics;
  readonly telemetry: Telemetry;
  readonly version: string;
  readonly instance: string;
}

/** Lets the engine see for itself that alarms arrive. Connects when there is the first one to write. */
export function startCanary(config: Config, intervalMs: number, about: About): EngineCanary {
  const { engine, metrics, telemetry, version, instance } = about;
  const topic = config.kafka.alarmTopic;
  const producer = new KafkaProducer(kafkaConnection(config, 'mon-notification'), {
    clock: systemClock,
    random: systemRandom,
    telemetry,
    onAnswered: () => undefined,
    onFailure: () => undefined,
  });
  const canary = new Canary({
    intervalMs,
    source: { instance, version },
    partition: () => partitionOf(engine, topic),
    write: (message, partition, signal) => producer.publish(topic, { ...message, partition, headers: {} }, signal),
    returnedAtMs: () => returnedAtMs(metrics),
    clock: systemClock,
    telemetry,
  });
  return {
    notes: () => canary.notes(),
    async stop() {
      await canary.stop();
      await producer.close();
    },
  };
}

/** The lowest one, so that it stays the same for as long as the engine keeps it. */
function partitionOf({ role, tracker }: Engine, topic: string): number | undefined {
  if (role !== 'active') return undefined;
  const own = tracker.openPartitions().filter((open) => open.topic === topic);
  return own.length === 0 ? undefined : Math.min(...own.map(({ partition }) => partition));
}

function returnedAtMs(metrics: MergedMetrics): number | undefined {
  const [, [seconds] = []] = metrics.total().canary_timestamp_seconds?.[0] ?? [];
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1000;
}
