import { KafkaAlarmSource } from '../adapters/kafka/alarm-source.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import { KafkaOffsetMirror } from '../adapters/kafka/offset-mirror.js';
import { isNonEmpty, parseOffset, partitionText, type TopicPartition } from '../domain/position.js';
import type { AlarmSource, SourceEvent } from '../ports/flow.js';
import type { FromWorker, ToWorker, WirePosition } from '../runtime/protocol.js';
import { SourceLoop } from '../runtime/source-loop.js';
import { fromWirePosition, toWireParcel } from '../runtime/wire.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { toParcel } from '../stages/kafka-consumer.js';
import { KnownEvents } from '../stages/known-events.js';
import { kafkaDeps, type Surroundings } from './surroundings.js';

export interface KafkaConsumerConfig {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly alarmTopic: string;
  readonly windowCount: number;
  readonly dropKnownEvents: boolean;
}

type Mirror = Pick<KafkaOffsetMirror, 'mirror' | 'close'>;

/** Main's words to the source, the source's alarms and events to main, and the mirror of what main has committed. */
export class ConsumerParts implements WorkerParts {
  readonly #around: Surroundings;
  readonly #source: AlarmSource;
  readonly #mirror: Mirror;
  readonly #windowCount: bigint;
  readonly #known: KnownEvents | undefined;
  readonly #loop: SourceLoop;
  readonly #stop = new AbortController();
  readonly #resumed = new Map<string, TopicPartition>();
  #reading: Promise<void> = Promise.resolve();
  #mirrored: Promise<void> = Promise.resolve();

  constructor(
    around: Surroundings,
    { windowCount, dropKnownEvents }: Pick<KafkaConsumerConfig, 'windowCount' | 'dropKnownEvents'>,
    build: (tell: (event: SourceEvent) => void) => [AlarmSource, Mirror],
  ) {
    this.#around = around;
    this.#windowCount = BigInt(windowCount);
    this.#known = dropKnownEvents ? new KnownEvents() : undefined;
    this.#loop = new SourceLoop(around.host);
    [this.#source, this.#mirror] = build((event) => this.#tell(event));
  }

  start(): void {
    this.#reading = this.#read();
    this.#reading.catch((error: unknown) => this.#around.host.crash(error));
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
  metrics = () => this.#around.telemetry.snapshot();
  notes = () => [];

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#mirrored;
    await this.#mirror.close();
    await this.#source.close();
  }

  async #read(): Promise<void> {
    for await (const batch of this.#source.read(this.#stop.signal)) {
      const parcels = batch.map((raw) => toWireParcel(toParcel(raw, this.#known)));
      // Between the yield and here only promise jobs ran, so no pause can have come: the batch belongs to the present term.
      if (isNonEmpty(parcels)) await this.#loop.give(this.#loop.term, parcels);
    }
  }

  #leased(term: number): void {
    if (term === this.#loop.term) return;
    for (const partition of this.#resumed.values()) this.#source.pause(partition);
    this.#resumed.clear();
    this.#loop.begin(term);
  }

  #resume({ partition, nextToRead, committed }: Extract<ToWorker, { type: 'resume' }>): void {
    this.#resumed.set(partitionText(partition), partition);
    const limit = committed === undefined ? undefined : parseOffset(committed) + this.#windowCount;
    this.#source.resume(partition, nextToRead === undefined ? undefined : parseOffset(nextToRead), limit);
  }

  #pause(partition: TopicPartition): void {
    this.#resumed.delete(partitionText(partition));
    this.#source.pause(partition);
    this.#loop.pause(partition.topic, partition.partition);
  }

  #committed(positions: readonly WirePosition[]): void {
    const committed = positions.map(fromWirePosition);
    for (const at of committed) this.#source.allow(at, at.offset);
    this.#mirrored = this.#mirrored.then(() => this.#mirror.mirror(committed)).catch(() => undefined);
  }

  #tell(event: SourceEvent): void {
    this.#around.host.send(eventMessage(event, this.#loop.term));
  }
}

/** What a source tells, as it crosses to main. */
export function eventMessage(event: SourceEvent, term: number): FromWorker {
  switch (event.kind) {
    case 'partitions':
      return { type: 'partitions', topic: event.topic, partitions: event.partitions };
    case 'positioned': {
      const { partition, nextToRead, skipped } = event;
      return { type: 'positioned', term, partition, nextToRead: String(nextToRead), skipped: String(skipped) };
    }
    case 'halted': {
      const { partition, nextToRead, logStart, logEnd } = event;
      const at = { nextToRead: String(nextToRead), logStart: String(logStart), logEnd: String(logEnd) };
      return { type: 'halted', term, partition, ...at };
    }
    case 'high_water':
      return { type: 'high_water', positions: [{ ...event.partition, offset: String(event.offset) }] };
  }
}

/** The worker that reads Kafka: connects at once, reads what main tells it to. */
export function kafkaConsumer(config: KafkaConsumerConfig, around: Surroundings): WorkerParts {
  const parts = new ConsumerParts(around, config, (onEvent) => {
    const source = new KafkaAlarmSource(
      { connection: config.connection, topics: [config.alarmTopic], windowCount: config.windowCount },
      { ...kafkaDeps(around), onEvent },
    );
    return [source, new KafkaOffsetMirror(config.connection, config.group, around)];
  });
  parts.start();
  return parts;
}
