import { setMaxListeners } from 'node:events';
import type { RawAlarm } from '../../domain/alarm.js';
import { Bell } from '../../domain/bell.js';
import type { EngineError } from '../../domain/errors.js';
import { type NonEmpty, type Offset, partitionText, type TopicPartition } from '../../domain/position.js';
import type { AlarmSource, SourceEvent } from '../../ports/flow.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Brokers } from './brokers.js';
import type { KafkaConnection } from './connection-options.js';
import { FetchLoop, type FetchSurroundings } from './fetch-loop.js';
import { Metadata } from './metadata.js';
import { Outage } from './outage.js';
import { PartitionReading } from './partition-reading.js';
import { TopicWatch } from './topic-watch.js';

const REQUEST_LIMIT_MS = 10_000;
const BATCH_COUNT = 500;
const IDLE_MS = 60_000;

export interface AlarmSourceOptions {
  readonly connection: KafkaConnection;
  readonly topics: NonEmpty<string>;
  /** How far reading may run ahead of the committed offset, in offsets per partition. */
  readonly windowCount: number;
}

export interface AlarmSourceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly onEvent: (event: SourceEvent) => void;
  /** Kafka has answered a request. */
  readonly onAnswered: () => void;
  /** Kafka did not do what was asked, and why; the source goes on trying. */
  readonly onFailure: (failure: string) => void;
}

/**
 * Reads alarms by one fetch loop per broker, straight from the leaders: no consumer group, so nothing but `resume` moves a position.
 *
 * A broker that is away, a topic that is absent or a partition without leader delays only itself. What Kafka refuses because the offset is
 * out of range is told, not guessed at.
 */
export class KafkaAlarmSource implements AlarmSource {
  readonly #options: AlarmSourceOptions;
  readonly #deps: AlarmSourceDeps;
  readonly #brokers: Brokers;
  readonly #metadata: Metadata;
  readonly #watch: TopicWatch;
  readonly #outage: Outage;
  readonly #readings = new Map<string, PartitionReading>();
  readonly #loops = new Map<number, Promise<void>>();
  readonly #work = new Bell();
  readonly #arrived = new Bell();
  #failure: EngineError | undefined;
  #turn = 0;

  constructor(options: AlarmSourceOptions, deps: AlarmSourceDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#brokers = new Brokers(options.connection, REQUEST_LIMIT_MS, deps);
    this.#metadata = new Metadata(this.#brokers);
    this.#outage = new Outage(deps.telemetry, deps.clock);
    this.#watch = new TopicWatch(options.topics, {
      ...this.#shared(),
      refreshed: () => this.#work.ring(),
    });
  }

  resume(partition: TopicPartition, nextToRead: Offset | undefined, limit: Offset | undefined): void {
    const window = BigInt(this.#options.windowCount);
    this.#readings.set(partitionText(partition), new PartitionReading(partition, { nextToRead, limit }, window));
    this.#work.ring();
  }

  allow(partition: TopicPartition, committed: Offset): void {
    const reading = this.#readings.get(partitionText(partition));
    if (reading === undefined) return;
    reading.commit(committed);
    this.#work.ring();
    this.#arrived.ring();
  }

  pause(partition: TopicPartition): void {
    this.#readings.delete(partitionText(partition));
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly RawAlarm[]> {
    const ending = new AbortController();
    // Several listeners per broker, and there may be many.
    setMaxListeners(0, ending.signal);
    const watching = this.#watch.run(ending.signal);
    const starting = this.#startLoops(ending.signal);
    try {
      while (!signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure;
        const batch = this.#take();
        if (batch.length > 0) {
          this.#work.ring();
          yield batch;
        } else await this.#arrived.wait(IDLE_MS, this.#deps.clock, signal);
      }
    } finally {
      ending.abort();
      await Promise.all([watching, starting, ...this.#loops.values()]);
      this.#loops.clear();
    }
  }

  async close(): Promise<void> {
    this.#readings.clear();
    this.#brokers.close();
  }

  /** Starts a loop for each broker that leads something to read; ends with `signal`. */
  async #startLoops(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const reading of this.#readings.values()) {
        const leader = this.#metadata.leaderOf(reading.at);
        if (leader === undefined || this.#loops.has(leader)) continue;
        this.#loops.set(leader, new FetchLoop(leader, this.#surroundings()).run(signal));
      }
      await this.#work.wait(IDLE_MS, this.#deps.clock, signal);
    }
  }

  /** The partitions take turns, so that a full one does not keep the others waiting. */
  #take(): readonly RawAlarm[] {
    const readings = [...this.#readings.values()];
    for (let step = 0; step < readings.length; step += 1) {
      this.#turn = (this.#turn + 1) % readings.length;
      const batch = readings[this.#turn]?.take(BATCH_COUNT) ?? [];
      if (batch.length > 0) return batch;
    }
    return [];
  }

  #surroundings(): FetchSurroundings {
    return {
      ...this.#shared(),
      brokers: this.#brokers,
      work: this.#work,
      ledBy: (node) => [...this.#readings.values()].filter((reading) => this.#metadata.leaderOf(reading.at) === node),
      isCurrent: (reading) => this.#readings.get(partitionText(reading.at)) === reading,
      arrived: () => this.#arrived.ring(),
      unreadable: (text) => this.#deps.telemetry.event('records_unreadable', { error: text }),
      distrustMetadata: () => this.#watch.distrust(),
    };
  }

  #shared() {
    return {
      metadata: this.#metadata,
      clock: this.#deps.clock,
      random: this.#deps.random,
      tell: (event: SourceEvent) => this.#deps.onEvent(event),
      answered: () => {
        this.#watch.noteAnswered();
        this.#outage.answered();
        this.#deps.onAnswered();
      },
      failed: (text: string) => {
        this.#outage.failed(text);
        this.#deps.onFailure(text);
      },
      end: (error: EngineError) => {
        this.#failure = error;
        this.#arrived.ring();
      },
    };
  }
}
