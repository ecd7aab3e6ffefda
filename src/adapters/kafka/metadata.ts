import type { TopicPartition } from '../../domain/position.js';
import type { Brokers } from './brokers.js';
import { KafkaFailure, kafkaError } from './kafka-failure.js';
import type { TopicAnswer } from './library-types.js';

/** What the last answer said of a topic. `leaders` names no node for a partition that has none at this time. */
export type TopicState = Readonly<
  | { kind: 'unknown' | 'absent' }
  | { kind: 'refused'; errorCode: number }
  | { kind: 'present'; leaders: ReadonlyMap<number, number | undefined>; replicas: number }
>;

/**
 * Which partitions a topic has and who leads them, as Kafka last said.
 *
 * Each topic and each partition stands for itself: an absent topic or a partition without leader spoils nothing else.
 */
export class Metadata {
  readonly #brokers: Brokers;
  readonly #topics = new Map<string, TopicState>();
  #controller: number | 'any' = 'any';
  #brokerCount = 0;

  constructor(brokers: Brokers) {
    this.#brokers = brokers;
  }

  /** Asks any broker for these topics, at least one. Never creates a topic. @throws Error when the broker does not answer. */
  async refresh(topics: readonly string[], signal: AbortSignal): Promise<void> {
    const answer = await this.#brokers.ask('any', 'Metadata', { topics, allowAutoTopicCreation: false }, signal);
    if (answer.brokers.length > 0) this.#brokers.learn(answer.brokers);
    this.#brokerCount = answer.brokers.length;
    this.#controller = answer.brokers.find(({ nodeId }) => nodeId === answer.controllerId)?.nodeId ?? 'any';
    for (const topic of answer.topicMetadata) {
      this.#topics.set(topic.topic, stateOf(topic, this.stateOf(topic.topic)));
    }
  }

  /** Who creates topics; where every broker passes such requests on, some broker. */
  get controller(): number | 'any' {
    return this.#controller;
  }

  /** How many brokers the cluster had at the last answer. */
  get brokerCount(): number {
    return this.#brokerCount;
  }

  stateOf(topic: string): TopicState {
    return this.#topics.get(topic) ?? { kind: 'unknown' };
  }

  leaderOf(partition: TopicPartition): number | undefined {
    const state = this.stateOf(partition.topic);
    return state.kind === 'present' ? state.leaders.get(partition.partition) : undefined;
  }

  /** In rising order; empty unless the topic is known to be present. */
  partitionsOf(topic: string): readonly number[] {
    const state = this.stateOf(topic);
    return state.kind === 'present' ? [...state.leaders.keys()].sort((a, b) => a - b) : [];
  }
}

function stateOf(answer: TopicAnswer, before: TopicState): TopicState {
  switch (answer.topicErrorCode) {
    case kafkaError.none:
      return present(answer);
    case kafkaError.unknownTopicOrPartition:
      return { kind: 'absent' };
    case kafkaError.topicForbidden:
    case kafkaError.invalidTopic:
      return { kind: 'refused', errorCode: answer.topicErrorCode };
    default:
      return before;
  }
}

function present(answer: TopicAnswer): TopicState {
  const leaders = answer.partitionMetadata.map(
    ({ partitionId, leader }) => [partitionId, leader < 0 ? undefined : leader] as const,
  );
  const replicas = Math.max(1, ...answer.partitionMetadata.map((partition) => partition.replicas.length));
  return { kind: 'present', leaders: new Map(leaders), replicas };
}

const EDGE = { start: -2, end: -1 } as const;

/**
 * The first offset that Kafka still holds of a partition, or the one after the last. The end counts what is not committed by a transaction.
 *
 * @throws KafkaFailure with Kafka's code; Error when the leader is unknown or does not answer.
 */
export async function logEdge(
  kafka: { readonly brokers: Brokers; readonly metadata: Metadata },
  at: TopicPartition,
  edge: 'start' | 'end',
  signal: AbortSignal,
): Promise<bigint> {
  return (await listedOffset(kafka, at, EDGE[edge], `log ${edge}`, signal)) ?? 0n;
}

/**
 * The first offset whose record is at least as new as `timeMs` by the time that Kafka holds; undefined when there is none.
 *
 * @throws as `logEdge` does.
 */
export async function offsetAtTime(
  kafka: { readonly brokers: Brokers; readonly metadata: Metadata },
  at: TopicPartition,
  timeMs: number,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  return await listedOffset(kafka, at, timeMs, `offset at time ${timeMs}`, signal);
}

async function listedOffset(
  kafka: { readonly brokers: Brokers; readonly metadata: Metadata },
  at: TopicPartition,
  timestamp: number,
  what: string,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const leader = kafka.metadata.leaderOf(at);
  const attempted = `${what} of ${at.topic}/${at.partition}`;
  if (leader === undefined) throw new KafkaFailure(kafkaError.leaderNotAvailable, attempted);
  const partitions = [{ partition: at.partition, timestamp }];
  const asked = { isolationLevel: 0, topics: [{ topic: at.topic, partitions }] };
  const answer = await kafka.brokers.ask(leader, 'ListOffsets', asked, signal);
  const found = answer.responses.find((topic) => topic.topic === at.topic)?.partitions[0];
  if (found === undefined) throw new Error(`${attempted}: the answer does not name it`);
  if (found.errorCode !== kafkaError.none) throw new KafkaFailure(found.errorCode, attempted);
  const offset = BigInt(found.offset ?? found.offsets?.[0] ?? '-1');
  return offset < 0n ? undefined : offset;
}
