import { ConfigurationError, EngineError, givenUp, messageOf } from '../../domain/errors.js';
import type { Brokers } from './brokers.js';
import type { DigestTopics } from './digest-home.js';
import { errorName, kafkaError, lastingFailure } from './kafka-failure.js';
import type { Metadata } from './metadata.js';
import { Outage } from './outage.js';
import type { TopicsDeps } from './topics.js';
import { pauseMs } from './waiting.js';

const createLimitMs = 10_000;
const mostReplicas = 3;
const topicResource = 2 as const;
const retentionName = 'retention.ms';
const dayMs = 86_400_000;

interface Kafka {
  readonly brokers: Brokers;
  readonly metadata: Metadata;
  readonly deps: TopicsDeps;
}

export interface WantedTopics {
  readonly topics: DigestTopics;
  /** Partitions of topics that are created while none of the four exists. */
  readonly partitionCount: number;
  readonly mayCreate: boolean;
  /** Cleared alarms are remembered for so long; the input must be gone before. */
  readonly tombstoneDays: number;
}

/** Numbers of partitions: of each of the four topics, of the dead letters, of where digests of methods go, and of the alarms of other producers. */
export interface TopicCounts {
  readonly partitions: number;
  readonly deadLetterPartitions: number;
  readonly retryPartitions: number;
  readonly alarmPartitions: number;
}

/**
 * Sees to it that all topics are there, and gives their numbers of partitions. Creates what is missing, with
 * as many partitions as those that exist; waits for Kafka.
 *
 * @throws CONFIG_INVALID when the four have different numbers of partitions; RIGHT_MISSING; ABORTED with `signal`.
 */
export async function prepareDigestTopics(
  kafka: Kafka,
  wanted: WantedTopics,
  signal: AbortSignal,
): Promise<TopicCounts> {
  const outage = new Outage(kafka.deps.telemetry, kafka.deps.clock);
  for (let failures = 0; !signal.aborted; failures += 1) {
    if (failures > 0) await kafka.deps.clock.sleep(pauseMs(failures, kafka.deps.random), signal);
    try {
      const found = await look(kafka, wanted, signal);
      if (found !== undefined) return found;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (!signal.aborted) outage.failed(messageOf(error));
    }
  }
  throw givenUp('preparing the topics of the digest was given up');
}

async function look(kafka: Kafka, wanted: WantedTopics, signal: AbortSignal) {
  const { status, command, digest, state, deadLetter, retry, alarm } = wanted.topics;
  const four = [status, command, digest, state];
  const all = [...four, deadLetter, retry];
  // Alarms of others: a topic that is theirs to create.
  const foreign = alarm === undefined ? [] : [alarm];
  await kafka.metadata.refresh([...all, ...foreign], signal);
  for (const topic of [...all, ...foreign]) {
    const seen = kafka.metadata.stateOf(topic);
    const lasting = seen.kind === 'refused' ? lastingFailure(seen.errorCode, `looking at topic ${topic}`) : undefined;
    if (lasting !== undefined) throw lasting;
  }
  const isAbsent = (topic: string) => kafka.metadata.stateOf(topic).kind === 'absent';
  const counts = new Map(four.filter((topic) => !isAbsent(topic)).map((topic) => [topic, countOf(kafka, topic)]));
  const known = [...counts.values()].filter((count) => count > 0);
  if (new Set(known).size > 1) throw uneven(counts);
  const missing = all.filter(isAbsent);
  if (missing.length > 0) {
    if (!wanted.mayCreate) throw new Error(`topics are missing: ${missing.join(', ')}`);
    await create(kafka, missing, state, known[0] ?? wanted.partitionCount, signal);
    return undefined;
  }
  const [partitions = 0] = known;
  const deadLetterPartitions = countOf(kafka, deadLetter);
  const retryPartitions = countOf(kafka, retry);
  if (known.length < four.length || deadLetterPartitions === 0 || retryPartitions === 0) return undefined;
  const absent = foreign.filter(isAbsent);
  if (absent.length > 0) throw new Error(`topic ${absent.join()} does not exist, and is never created here`);
  const alarmPartitions = foreign.reduce((sum, topic) => sum + countOf(kafka, topic), 0);
  if (alarmPartitions < foreign.length) return undefined;
  await demandRetention(kafka, [status, command, ...foreign], wanted.tombstoneDays, signal);
  return { partitions, deadLetterPartitions, retryPartitions, alarmPartitions };
}

/** A message older than every memory of its alarm would raise it again. @throws CONFIG_INVALID */
async function demandRetention(
  { brokers }: Kafka,
  inputs: readonly string[],
  tombstoneDays: number,
  signal: AbortSignal,
): Promise<void> {
  const resources = inputs.map((name) => ({ type: topicResource, name, configNames: [retentionName] }) as const);
  const answer = await brokers.ask('any', 'DescribeConfigs', { resources, includeSynonyms: false }, signal);
  for (const { resourceName, errorCode, configEntries } of answer.resources) {
    // Whoever may not look at the configuration is not kept from working.
    const value = errorCode === kafkaError.none ? configEntries[0]?.configValue : undefined;
    const retentionMs = value === undefined || value === null ? 0 : Number(value);
    if (retentionMs >= 0 && retentionMs < tombstoneDays * dayMs) continue;
    const kept = retentionMs < 0 ? 'for ever' : `for ${Math.ceil(retentionMs / dayMs)} days`;
    const text = `topic ${resourceName} keeps messages ${kept}, and digest.tombstone_days is ${tombstoneDays}`;
    throw new ConfigurationError('CONFIG_INVALID', `${text}; lower retention.ms of the topic, or remember for longer`);
  }
}

function countOf({ metadata }: Kafka, topic: string): number {
  return metadata.partitionsOf(topic).length;
}

function uneven(counts: ReadonlyMap<string, number>): ConfigurationError {
  const list = [...counts].map(([topic, count]) => `${topic} has ${count}`).join(', ');
  const text = `the topics of the digest need the same number of partitions: ${list}; make them equal`;
  return new ConfigurationError('CONFIG_INVALID', text);
}

async function create(
  kafka: Kafka,
  missing: readonly string[],
  stateTopic: string,
  numPartitions: number,
  signal: AbortSignal,
): Promise<void> {
  const replicationFactor = Math.max(1, Math.min(mostReplicas, kafka.metadata.brokerCount));
  const compacted = [{ name: 'cleanup.policy', value: 'compact' }];
  const topics = missing.map((topic) => ({
    ...{ topic, numPartitions, replicationFactor },
    ...(topic === stateTopic ? { configEntries: compacted } : {}),
  }));
  const asked = { topics, validateOnly: false, timeout: createLimitMs };
  const answer = await kafka.brokers.ask(kafka.metadata.controller, 'CreateTopics', asked, signal);
  for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
    if (errorCode === kafkaError.none) {
      kafka.deps.telemetry.event('topic_created', { topic, numPartitions, replicationFactor });
    } else if (errorCode !== kafkaError.topicExists) {
      const attempted = `creating topic ${topic}: ${errorMessage ?? ''}`;
      throw lastingFailure(errorCode, attempted) ?? new Error(`${attempted}: ${errorName(errorCode)}`);
    }
  }
}
