import { KafkaAlarmSource } from '../adapters/kafka/alarm-source.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import { KafkaDeadLetters } from '../adapters/kafka/dead-letters.js';
import { KafkaMessageLookup } from '../adapters/kafka/message-lookup.js';
import { KafkaOffsetMirror } from '../adapters/kafka/offset-mirror.js';
import { KafkaProducer } from '../adapters/kafka/producer.js';
import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import type { MysqlOptions } from '../adapters/mysql/pool.js';
import { type AlarmPosition, isNonEmpty, parseOffset } from '../domain/position.js';
import type { Parcel } from '../ports/flow.js';
import { RetryEngine, type RetryOutlet } from '../retry/retry-engine.js';
import type { FromWorker, ToWorker, WirePosition } from '../runtime/protocol.js';
import { SourceLoop } from '../runtime/source-loop.js';
import { fromWirePosition, toWireParcel, toWirePosition } from '../runtime/wire.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { decodeFinishedSet } from '../tracker/finished-set.js';
import { eventMessage } from './kafka-consumer.js';
import { kafkaDeps, type Surroundings } from './surroundings.js';

export interface RetryEngineConfig {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly retryTopic: string;
  readonly deadLetterTopic: string;
  /** How far reading may run ahead of the committed offset, in offsets per partition. */
  readonly windowCount: number;
  readonly mysql: MysqlOptions;
  readonly intervalMs: number;
  /** Undefined: alarms never expire. */
  readonly ttlMs: number | undefined;
}

/** Three numbers each, so that all of them together take some tens of megabytes. */
const waitingCapacity = 1_000_000;

/** Main's words to the source and to what waits, and theirs to main. */
class RetryParts implements WorkerParts {
  readonly #around: Surroundings;
  readonly #windowCount: bigint;
  readonly #loop: SourceLoop;
  readonly #source: KafkaAlarmSource;
  readonly #mirror: KafkaOffsetMirror;
  readonly #producer: KafkaProducer;
  readonly #lookup: KafkaMessageLookup;
  readonly #directory: MysqlMethodDirectory;
  readonly #engine: RetryEngine;
  readonly #stop = new AbortController();
  readonly #resumed = new Map<string, { readonly topic: string; readonly partition: number }>();
  #mirrored: Promise<void> = Promise.resolve();

  constructor(config: RetryEngineConfig, around: Surroundings) {
    const { connection, windowCount, intervalMs, ttlMs } = config;
    const { instance, telemetry } = around;
    this.#around = around;
    this.#windowCount = BigInt(windowCount);
    this.#loop = new SourceLoop(around.host);
    const kafka = kafkaDeps(around);
    this.#source = new KafkaAlarmSource(
      { connection, topics: [config.retryTopic], windowCount },
      { ...kafka, onEvent: (event) => around.host.send(eventMessage(event, this.#loop.term)) },
    );
    this.#mirror = new KafkaOffsetMirror(connection, config.group, around);
    this.#producer = new KafkaProducer(connection, kafka);
    this.#lookup = new KafkaMessageLookup(connection, kafka);
    this.#directory = new MysqlMethodDirectory(config.mysql, around);
    const deadLetters = new KafkaDeadLetters(this.#producer, config.deadLetterTopic, { instance, telemetry });
    const parts = { source: this.#source, lookup: this.#lookup, directory: this.#directory, deadLetters };
    this.#engine = new RetryEngine(
      { intervalMs, ttlMs, capacity: waitingCapacity },
      { ...parts, ...around, outlet: this.#outlet() },
    );
  }

  start(): void {
    this.#engine.run(this.#stop.signal).catch((error: unknown) => this.#around.host.crash(error));
  }

  handle(message: ToWorker): void {
    if (message.type === 'lease') this.#leased(message.term);
    if (!('term' in message) || message.term !== this.#loop.term) return;
    if (message.type === 'work') this.#loop.handle(message);
    else if (message.type === 'resume') this.#resume(message);
    else if (message.type === 'pause') this.#pause(message.partition);
    else if (message.type === 'committed') this.#committed(message.positions);
  }

  systems = () => this.#around.systems.all();
  notes = () => [];

  metrics = () => {
    this.#around.telemetry.gauge('retries_waiting', this.#engine.waitingCount);
    return this.#around.telemetry.snapshot();
  };

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#mirrored;
    await Promise.all([this.#mirror.close(), this.#source.close(), this.#lookup.close(), this.#directory.close()]);
    await this.#producer.close();
  }

  #outlet(): RetryOutlet {
    const send = (message: FromWorker) => this.#around.host.send(message);
    const wire = (positions: readonly AlarmPosition[]) => positions.map(toWirePosition);
    return {
      held: (list) => {
        const positions = wire(list);
        if (isNonEmpty(positions)) send({ type: 'held', term: this.#loop.term, positions });
      },
      finished: (list, reason) => {
        const positions = wire(list);
        if (isNonEmpty(positions)) send({ type: 'finished', term: this.#loop.term, positions, reason });
      },
      give: async (list: readonly Parcel[]) => {
        const parcels = list.map(toWireParcel);
        if (isNonEmpty(parcels)) await this.#loop.give(this.#loop.term, parcels);
      },
    };
  }

  #leased(term: number): void {
    if (term === this.#loop.term) return;
    for (const partition of this.#resumed.values()) this.#source.pause(partition);
    this.#resumed.clear();
    this.#engine.reset();
    this.#loop.begin(term);
  }

  #resume({ partition, nextToRead, committed, finished }: Extract<ToWorker, { type: 'resume' }>): void {
    const limit = committed === undefined ? undefined : parseOffset(committed) + this.#windowCount;
    const from = nextToRead === undefined ? undefined : parseOffset(nextToRead);
    const bits = decodeFinishedSet(finished ?? '');
    this.#resumed.set(`${partition.topic}/${partition.partition}`, partition);
    this.#engine.resume(partition, ({ offset }) => {
      const bit = Number(offset - (from ?? 0n));
      return bit >= 0 && ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    });
    this.#source.resume(partition, from, limit);
  }

  #pause(partition: { readonly topic: string; readonly partition: number }): void {
    this.#resumed.delete(`${partition.topic}/${partition.partition}`);
    this.#source.pause(partition);
    this.#engine.pause(partition);
    this.#loop.pause(partition.topic, partition.partition);
  }

  #committed(positions: readonly WirePosition[]): void {
    const committed = positions.map(fromWirePosition);
    for (const at of committed) this.#source.allow(at, at.offset);
    this.#mirrored = this.#mirrored.then(() => this.#mirror.mirror(committed)).catch(() => undefined);
  }
}

/** The worker that holds failed sends until their time has come, and gives them to the flow again. */
export function retryEngine(config: RetryEngineConfig, around: Surroundings): WorkerParts {
  const parts = new RetryParts(config, around);
  parts.start();
  return parts;
}
