import { parseOffset, partitionText, type TopicPartition } from '../domain/position.js';
import type { AlarmSource, SourceEvent } from '../ports/flow.js';
import type { OffsetMirror } from '../ports/progress.js';
import type { FromWorker, ToWorker, WirePosition } from '../runtime/protocol.js';
import { SourceLoop } from '../runtime/source-loop.js';
import { fromWirePosition } from '../runtime/wire.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { decodeFinishedSet } from '../tracker/finished-set.js';
import type { Surroundings } from './surroundings.js';

/** Positions read from Kafka and positions mirrored to it. */
export interface SourceClients {
  readonly source: AlarmSource;
  readonly mirror: OffsetMirror & { close(): Promise<void> };
}

/** What a source does with what it reads. Told before the source is, so that nothing is read that it does not expect. */
export interface Reader {
  /** Runs until `signal` aborts. @throws what only a new process cures. */
  run(signal: AbortSignal): Promise<void>;
  /** A new term: nothing that was read is of use. */
  reset?(): void;
  /** `isFinished`: by its offset, what was finished at and above the position where reading begins. */
  resume?(partition: TopicPartition, isFinished: (at: { readonly offset: bigint }) => boolean): void;
  pause?(partition: TopicPartition): void;
  metrics?(): void;
  close?(): Promise<void>;
}

/** Everything that a source of either kind is built from. `tell` is for the events of the source. */
export type BuildSource = (loop: SourceLoop, tell: (event: SourceEvent) => void) => SourceClients & { reader: Reader };

/** The worker around a source: main's words to it, its events to main, and the mirror of what main has committed. */
export class SourceParts implements WorkerParts {
  readonly #around: Surroundings;
  readonly #windowCount: bigint;
  readonly #loop: SourceLoop;
  readonly #built: ReturnType<BuildSource>;
  readonly #stop = new AbortController();
  readonly #resumed = new Map<string, TopicPartition>();
  #mirrored: Promise<void> = Promise.resolve();

  /** `windowCount`: how far reading may run ahead of the committed offset, in offsets per partition. */
  constructor(around: Surroundings, windowCount: number, build: BuildSource) {
    this.#around = around;
    this.#windowCount = BigInt(windowCount);
    this.#loop = new SourceLoop(around.host);
    this.#built = build(this.#loop, (event) => around.host.send(eventMessage(event, this.#loop.term)));
  }

  start(): void {
    this.#built.reader.run(this.#stop.signal).catch((error: unknown) => this.#around.host.crash(error));
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
    this.#built.reader.metrics?.();
    return this.#around.telemetry.snapshot();
  };

  async close(): Promise<void> {
    this.#stop.abort();
    const { source, mirror, reader } = this.#built;
    // First, for it ends what is under way: lines of the last commit, which the next ones correct.
    await mirror.close();
    await this.#mirrored;
    await source.close();
    await reader.close?.();
  }

  #leased(term: number): void {
    if (term === this.#loop.term) return;
    for (const partition of this.#resumed.values()) this.#built.source.pause(partition);
    this.#resumed.clear();
    this.#built.reader.reset?.();
    this.#loop.begin(term);
  }

  #resume({ partition, nextToRead, committed, finished }: Extract<ToWorker, { type: 'resume' }>): void {
    const limit = committed === undefined ? undefined : parseOffset(committed) + this.#windowCount;
    const from = nextToRead === undefined ? undefined : parseOffset(nextToRead);
    const bits = decodeFinishedSet(finished ?? '');
    this.#resumed.set(partitionText(partition), partition);
    this.#built.reader.resume?.(partition, ({ offset }) => {
      const bit = Number(offset - (from ?? 0n));
      return bit >= 0 && ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    });
    this.#built.source.resume(partition, from, limit);
  }

  #pause(partition: TopicPartition): void {
    const { source, reader } = this.#built;
    this.#resumed.delete(partitionText(partition));
    source.pause(partition);
    reader.pause?.(partition);
    this.#loop.pause(partition.topic, partition.partition);
  }

  #committed(positions: readonly WirePosition[]): void {
    const { source, mirror } = this.#built;
    const committed = positions.map(fromWirePosition);
    for (const at of committed) source.allow(at, at.offset);
    this.#mirrored = this.#mirrored.then(() => mirror.mirror(committed)).catch(() => undefined);
  }
}

/** What a source tells, as it crosses to main. */
function eventMessage(event: SourceEvent, term: number): FromWorker {
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
