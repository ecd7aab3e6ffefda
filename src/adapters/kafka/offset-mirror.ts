import { type AlarmPosition, partitionText, type TopicPartition } from '../../domain/position.js';
import type { OffsetMirror } from '../../ports/progress.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Brokers } from './brokers.js';
import type { KafkaConnection } from './connection-options.js';
import { KafkaFailure, kafkaError } from './kafka-failure.js';
import { pauseMs } from './waiting.js';

const REQUEST_LIMIT_MS = 10_000;
/** Kafka forgets the offsets of a group without members after `offsets.retention.minutes`, 7 days by default. */
const REPEAT_MS = 24 * 3_600_000;
const LOOK_MS = 3_600_000;

/** The codes by which Kafka says that the group has members: only they may commit then. */
const inUse: ReadonlySet<number> = new Set([
  kafkaError.unknownMember,
  kafkaError.illegalGeneration,
  kafkaError.rebalanceInProgress,
]);

interface Mirrored {
  readonly position: AlarmPosition;
  atMonoMs: number;
}

/**
 * Commits our positions to the Kafka group `kafka.group`, as one who is no member of it, so that every lag tool shows our lag.
 *
 * Never throws and never waits for an outage: a failure is counted, and the next call carries newer positions anyway. Idle partitions are
 * committed again daily, because Kafka drops what nobody repeats; only where the group still holds what we wrote, so that an engine that
 * has given a partition up does not write over its new owner.
 */
export class KafkaOffsetMirror implements OffsetMirror {
  readonly #group: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #telemetry: Telemetry;
  readonly #brokers: Brokers;
  readonly #closing = new AbortController();
  readonly #mirrored = new Map<string, Mirrored>();
  readonly #stopLooking: () => void;
  #coordinator: number | undefined;
  #notBeforeMonoMs = 0;
  #failures = 0;
  #isUsedByOthers = false;

  constructor(
    connection: KafkaConnection,
    group: string,
    deps: { clock: Clock; random: Random; telemetry: Telemetry },
  ) {
    this.#group = group;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#telemetry = deps.telemetry;
    this.#brokers = new Brokers(connection, REQUEST_LIMIT_MS, deps);
    this.#stopLooking = deps.clock.every(LOOK_MS, () => void this.#repeat());
  }

  async mirror(positions: readonly AlarmPosition[]): Promise<void> {
    if (positions.length === 0) return;
    for (const position of positions) {
      const atMonoMs = this.#mirrored.get(partitionText(position))?.atMonoMs ?? Number.NEGATIVE_INFINITY;
      this.#mirrored.set(partitionText(position), { position, atMonoMs });
    }
    if (this.#clock.monoMs() < this.#notBeforeMonoMs) return this.#missed(positions.length);
    try {
      await this.#commit(positions);
      this.#failures = 0;
    } catch {
      this.#coordinator = undefined;
      this.#failures += 1;
      this.#notBeforeMonoMs = this.#clock.monoMs() + pauseMs(this.#failures, this.#random);
      this.#missed(positions.length);
    }
  }

  async close(): Promise<void> {
    this.#stopLooking();
    this.#closing.abort();
    this.#brokers.close();
  }

  async #repeat(): Promise<void> {
    const idle = this.#idle();
    if (idle.length === 0) return;
    try {
      const held = await this.#held(idle);
      const ours = idle.filter((position) => held.get(partitionText(position)) === String(position.offset));
      for (const position of idle) if (!ours.includes(position)) this.#mirrored.delete(partitionText(position));
      await this.mirror(ours);
    } catch {
      // The next look is an hour away, and a week is left.
      this.#missed(idle.length);
    }
  }

  /** What the group holds of these partitions, by their text; `-1` where it holds nothing. */
  async #held(positions: readonly TopicPartition[]): Promise<ReadonlyMap<string, string>> {
    this.#coordinator ??= await this.#findCoordinator();
    const topics = positions.map(({ topic, partition }) => ({ topic, partitions: [{ partition }] }));
    const asked = { groupId: this.#group, topics };
    const answer = await this.#brokers.ask(this.#coordinator, 'OffsetFetch', asked, this.#closing.signal);
    const found = answer.responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [partitionText({ topic, partition }), offset] as const),
    );
    return new Map(found);
  }

  #idle(): readonly AlarmPosition[] {
    const due = this.#clock.monoMs() - REPEAT_MS;
    return [...this.#mirrored.values()].filter(({ atMonoMs }) => atMonoMs < due).map(({ position }) => position);
  }

  async #commit(positions: readonly AlarmPosition[]): Promise<void> {
    this.#coordinator ??= await this.#findCoordinator();
    const topics = positions.map(({ topic, partition, offset }) => ({
      topic,
      partitions: [{ partition, offset: String(offset) }],
    }));
    const asked = { groupId: this.#group, groupGenerationId: -1, memberId: '', topics } as const;
    const answer = await this.#brokers.ask(this.#coordinator, 'OffsetCommit', asked, this.#closing.signal);
    const parts = answer.responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode }) => ({ topic, partition, errorCode })),
    );
    this.#tellUse(parts.some(({ errorCode }) => inUse.has(errorCode)));
    for (const part of parts) this.#note(part);
    const refused = parts.filter(({ errorCode }) => errorCode !== kafkaError.none);
    // A topic that was deleted meanwhile fails alone; anything else may mean that the coordinator has moved.
    const other = refused.find(({ errorCode }) => errorCode !== kafkaError.unknownTopicOrPartition);
    if (other !== undefined) throw new KafkaFailure(other.errorCode, 'committing to the mirror group');
    if (refused.length > 0) this.#missed(refused.length);
  }

  #note(part: TopicPartition & { errorCode: number }): void {
    const mirrored = this.#mirrored.get(partitionText(part));
    if (mirrored !== undefined && part.errorCode === kafkaError.none) mirrored.atMonoMs = this.#clock.monoMs();
  }

  async #findCoordinator(): Promise<number> {
    const asked = { groupId: this.#group, coordinatorType: 0 } as const;
    const { errorCode, coordinator } = await this.#brokers.ask('any', 'GroupCoordinator', asked, this.#closing.signal);
    if (errorCode !== kafkaError.none) throw new KafkaFailure(errorCode, 'finding the coordinator of the mirror group');
    this.#brokers.learnOne(coordinator);
    return coordinator.nodeId;
  }

  #tellUse(isUsedByOthers: boolean): void {
    if (isUsedByOthers && !this.#isUsedByOthers) this.#telemetry.event('mirror_group_in_use', { group: this.#group });
    this.#isUsedByOthers = isUsedByOthers;
  }

  #missed(count: number): void {
    this.#telemetry.count('mirror_failures_total', {}, count);
  }
}
