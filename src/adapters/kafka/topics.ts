import { ConfigurationError, EngineError, givenUp, messageOf } from '../../domain/errors.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Brokers } from './brokers.js';
import type { KafkaConnection } from './connection-options.js';
import { errorName, KafkaFailure, kafkaError } from './kafka-failure.js';
import { Metadata } from './metadata.js';
import { Outage } from './outage.js';
import { pauseMs } from './waiting.js';

const REQUEST_LIMIT_MS = 15_000;
const CREATE_LIMIT_MS = 10_000;

/** Codes after which the same request cannot succeed, whatever time passes. */
const refusals: ReadonlySet<number> = new Set([
  kafkaError.topicForbidden,
  kafkaError.clusterForbidden,
  kafkaError.invalidTopic,
  kafkaError.invalidPartitions,
  kafkaError.policyViolated,
]);

export interface TopicsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/**
 * Creates those of `topics` that Kafka does not have, with as many partitions and replicas as `modelTopic`, the alarm topic, has; waits,
 * with growing pauses, for Kafka and for the alarm topic, which is never created.
 *
 * @throws RIGHT_MISSING or CONFIG_INVALID, naming the topic and `kafka.create_topics`, when Kafka refuses; ABORTED when `signal` aborts.
 */
export async function createMissingTopics(
  connection: KafkaConnection,
  topics: readonly string[],
  modelTopic: string,
  deps: TopicsDeps,
  signal: AbortSignal,
): Promise<void> {
  const brokers = new Brokers(connection, REQUEST_LIMIT_MS, deps);
  const metadata = new Metadata(brokers);
  const outage = new Outage(deps.telemetry, deps.clock);
  try {
    for (let failures = 0; !signal.aborted; failures += 1) {
      if (failures > 0) await deps.clock.sleep(pauseMs(failures, deps.random), signal);
      const isDone = await createRound({ brokers, metadata, deps }, topics, modelTopic, signal).catch((error) => {
        if (error instanceof EngineError) throw error;
        if (!signal.aborted) outage.failed(messageOf(error));
        return false;
      });
      if (isDone) return;
    }
    throw givenUp('creating topics was given up');
  } finally {
    brokers.close();
  }
}

interface Kafka {
  readonly brokers: Brokers;
  readonly metadata: Metadata;
  readonly deps: TopicsDeps;
}

/** True when every topic is seen to be there. */
async function createRound(
  kafka: Kafka,
  topics: readonly string[],
  modelTopic: string,
  signal: AbortSignal,
): Promise<boolean> {
  await kafka.metadata.refresh([...topics, modelTopic], signal);
  const states = topics.map((topic) => ({ topic, state: kafka.metadata.stateOf(topic) }));
  for (const { topic, state } of states) if (state.kind === 'refused') throw refused(topic, state.errorCode, '');
  const missing = states.filter(({ state }) => state.kind === 'absent').map(({ topic }) => topic);
  if (missing.length === 0) return states.every(({ state }) => state.kind === 'present');
  const model = kafka.metadata.stateOf(modelTopic);
  if (model.kind !== 'present') return false;
  const shape = { numPartitions: model.leaders.size, replicationFactor: model.replicas };
  const asked = {
    topics: missing.map((topic) => ({ topic, ...shape })),
    validateOnly: false,
    timeout: CREATE_LIMIT_MS,
  };
  const answer = await kafka.brokers.ask(kafka.metadata.controller, 'CreateTopics', asked, signal);
  for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
    if (errorCode === kafkaError.none) kafka.deps.telemetry.event('topic_created', { topic, ...shape });
    else if (refusals.has(errorCode)) throw refused(topic, errorCode, errorMessage ?? '');
    else if (errorCode !== kafkaError.topicExists) throw new KafkaFailure(errorCode, `creating topic ${topic}`);
  }
  // Created is not yet known to every broker: the next round looks.
  return false;
}

function refused(topic: string, errorCode: number, said: string): ConfigurationError {
  const isForbidden = errorCode === kafkaError.topicForbidden || errorCode === kafkaError.clusterForbidden;
  const advice = 'grant the right, or create the topic and set kafka.create_topics to false';
  const text = `creating topic ${topic}: Kafka answers ${errorName(errorCode)} ${said}`.trimEnd();
  return new ConfigurationError(isForbidden ? 'RIGHT_MISSING' : 'CONFIG_INVALID', `${text}; ${advice}`);
}
