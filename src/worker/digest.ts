import { type DigestRuleTexts, digestRules } from '../digest/digest-rules.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { type KafkaDigestOptions, runKafkaDigest } from './kafka-digest.js';
import type { Surroundings } from './surroundings.js';

export interface DigestConfig {
  readonly place: KafkaDigestOptions;
  readonly rules: DigestRuleTexts;
}

/**
 * The worker that makes the digests of methods.
 *
 * It is beside the pipeline: it takes from Kafka and hands over through Kafka, under a lock of its own, so that no term of the engine
 * begins or ends with it. A stop lets it finish what it took; one that is killed leaves a transaction that never was.
 */
export function digest({ place, rules }: DigestConfig, around: Surroundings): WorkerParts {
  const { host, clock, random, telemetry, systems } = around;
  const stop = new AbortController();
  const deps = { clock, random, telemetry, onAnswered: () => systems.answered('kafka') };
  const state = { isConnected: () => false, ownedCount: () => 0 };
  const running = runKafkaDigest(place, digestRules(rules), deps, state, stop.signal).catch((error) =>
    host.crash(error),
  );
  return {
    handle: () => undefined,
    systems: () => systems.all(),
    metrics: () => telemetry.snapshot(),
    notes: () => [],
    async close() {
      stop.abort();
      await running;
    },
  };
}
