import type { EngineError } from '../domain/errors.js';
import { isNonEmpty, type NonEmpty, parseOffset, partitionText, type TopicPartition } from '../domain/position.js';
import type { QueueName } from '../ports/flow.js';
import type { HeldLock, Lease } from '../ports/ownership.js';
import type { Commit, Ledger, OffsetStore, OffsetTracker } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import { Pipeline } from '../runtime/pipeline.js';
import type { FromWorker, ToWorker } from '../runtime/protocol.js';
import type { Supervisor } from '../runtime/supervisor.js';
import { fromWirePosition, toWirePosition } from '../runtime/wire.js';
import type { WorkerHandle } from '../runtime/worker-handle.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { StageSpec } from '../topology.js';
import { Carry } from './carry.js';
import { Term } from './term.js';

export interface FlowOptions {
  readonly topology: NonEmpty<StageSpec>;
  readonly capacity: Readonly<Record<QueueName, number>>;
  readonly ledger: Ledger;
  readonly tracker: OffsetTracker;
  readonly store: OffsetStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  supervisor(): Supervisor;
  /** A worker tells of its outside systems and its counts. */
  onBeat(worker: WorkerHandle, beat: Extract<FromWorker, { type: 'beat' }>): void;
  onFailure(error: EngineError): void;
}

/**
 * What happens between the lock and the workers: begins and ends terms, and gives every message of a worker to the part that it is for.
 *
 * The number of a term is told to the workers before the term begins, with a lease that has ended: so whatever they held of the term
 * before is void at once, and they have asked for work by the time there is some.
 */
export class Flow {
  readonly pipeline: Pipeline;
  readonly highWater = new Map<string, string>();
  readonly #options: FlowOptions;
  readonly #carry = new Carry();
  #term: Term | undefined;
  #lease: Lease | undefined;
  #toldEndMonoMs = 0;
  #topic: { readonly topic: string; readonly partitions: readonly number[] } | undefined;
  #isPaused = false;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.pipeline = new Pipeline({
      topology: options.topology,
      capacity: options.capacity,
      ledger: options.ledger,
      soon: (run) => options.clock.soon(run),
      begin: (position) => !this.#isPaused && this.#term?.begin(position) === true,
      finish: (position, reason) => this.#term?.finish(position, reason),
      quarantined: ({ position }) => {
        options.telemetry.event('item_quarantined', { ...position });
      },
    });
    this.pipeline.begin(1);
  }

  get term(): Term | undefined {
    return this.#term;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Undefined until Kafka was asked; without partitions while the alarm topic does not exist. */
  get topic(): { readonly topic: string; readonly partitions: readonly number[] } | undefined {
    return this.#topic;
  }

  beginTerm(lock: HeldLock, lease: Lease): void {
    const { tracker, store, clock, telemetry, onFailure } = this.#options;
    const number = this.pipeline.term;
    const source = {
      resume: (partition: TopicPartition, nextToRead: bigint | undefined, committed: bigint | undefined) =>
        this.#toSource({
          type: 'resume',
          term: number,
          partition,
          ...(nextToRead === undefined ? {} : { nextToRead: nextToRead.toString() }),
          ...(committed === undefined ? {} : { committed: committed.toString() }),
        }),
    };
    this.#term = new Term({ number, lock, tracker, store, carry: this.#carry, source, clock, telemetry, onFailure });
    this.#lease = lease;
    this.renewLease();
    telemetry.gauge('lock_held', 1);
    telemetry.event('term_begun', { term: number, lock: lock.fence.lockPath });
    if (this.#topic !== undefined) this.#term.partitionsSeen(this.#topic.topic, this.#topic.partitions);
  }

  /** Everything under way is void in every process, as fast as a message travels. */
  endTerm(reason: string): void {
    if (this.#term === undefined) return;
    const unfinished = this.pipeline.unfinishedCount;
    // What a stop hands on cleanly is no loss to warn of.
    if (reason !== 'released')
      this.#options.telemetry.event('term_ended', { term: this.#term.number, reason, unfinished });
    this.#options.telemetry.gauge('lock_held', 0);
    this.#term.end();
    this.#term = undefined;
    this.#lease = undefined;
    this.pipeline.begin(this.pipeline.term + 1);
    this.#tellLease(0);
  }

  /** Tells the workers how far the lease reaches by now, when that has changed. */
  renewLease(): void {
    const endsAtMonoMs = this.#lease?.endsAtMonoMs() ?? 0;
    if (endsAtMonoMs !== this.#toldEndMonoMs) this.#tellLease(endsAtMonoMs);
    this.#options.telemetry.gauge(
      'lease_remaining_seconds',
      Math.max(0, endsAtMonoMs - this.#options.clock.monoMs()) / 1000,
    );
  }

  /** Begins nothing any more: what is read from here on will be read again by whoever comes after. */
  pause(): void {
    this.#isPaused = true;
    for (const partition of this.#options.tracker.openPartitions()) {
      this.#toSource({ type: 'pause', term: this.pipeline.term, partition });
    }
  }

  committing(commits: NonEmpty<Commit>): void {
    this.#term?.committing(commits);
  }

  committed(commits: NonEmpty<Commit>): void {
    this.#term?.committed(commits);
    const positions = commits.map(({ partition, stored }) =>
      toWirePosition({ ...partition, offset: stored.nextToRead }),
    );
    if (isNonEmpty(positions)) this.#toSource({ type: 'committed', term: this.pipeline.term, positions });
  }

  workerReady(worker: WorkerHandle): void {
    worker.send({ type: 'lease', term: this.pipeline.term, endsAtMonoMs: this.#lease?.endsAtMonoMs() ?? 0 });
    if (worker.ref.stage === 'kafka_consumer' && !this.#isPaused) this.#term?.sourceReplaced();
  }

  workerDead(worker: WorkerHandle): void {
    this.pipeline.bury(worker);
  }

  /** One message of a worker. @throws Error when it is nonsense: the worker has to be killed. */
  hear(worker: WorkerHandle, message: FromWorker): void {
    switch (message.type) {
      case 'credits':
      case 'read':
      case 'answers':
        this.pipeline.handle(worker, message);
        return;
      case 'partitions':
        checkPartitions(message);
        this.#topic = { topic: message.topic, partitions: message.partitions };
        if (message.partitions.length === 0) this.#options.telemetry.event('topic_absent', { topic: message.topic });
        this.#term?.partitionsSeen(message.topic, message.partitions);
        return;
      case 'positioned':
        if (message.term !== this.pipeline.term) return;
        this.#term?.positioned(message.partition, parseOffset(message.nextToRead), BigInt(message.skipped));
        return;
      case 'halted':
        if (message.term === this.pipeline.term) this.#term?.halt(message.partition, offsetsOf(message));
        return;
      case 'high_water':
        for (const at of message.positions.map(fromWirePosition)) {
          this.highWater.set(partitionText(at), at.offset.toString());
        }
        return;
      case 'beat':
        checkBeat(message);
        this.pipeline.showedLife(worker);
        this.#options.onBeat(worker, message);
        return;
      case 'ready':
      case 'drained':
      case 'start_failed':
      case 'crashed':
        return;
      default:
        message satisfies never;
        throw new TypeError('unknown kind of message');
    }
  }

  #tellLease(endsAtMonoMs: number): void {
    this.#toldEndMonoMs = endsAtMonoMs;
    for (const worker of this.#options.supervisor().workers) {
      if (worker.state === 'ready') worker.send({ type: 'lease', term: this.pipeline.term, endsAtMonoMs });
    }
  }

  #toSource(message: ToWorker): void {
    for (const worker of this.#options.supervisor().of('kafka_consumer'))
      if (worker.state === 'ready') worker.send(message);
  }
}

/** What is kept and looked at later must be whole: nobody would know then whom to blame. */
function checkPartitions({ topic, partitions }: Extract<FromWorker, { type: 'partitions' }>): void {
  const isList = Array.isArray(partitions) && partitions.every((each) => Number.isSafeInteger(each) && each >= 0);
  if (typeof topic !== 'string' || !isList) throw new TypeError('expected a list of partitions');
}

function checkBeat({ systems, notes }: Extract<FromWorker, { type: 'beat' }>): void {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  const areSeen = isObject(systems) && Object.values(systems).every(isObject);
  if (!areSeen || !Array.isArray(notes)) throw new TypeError('expected a beat');
}

function offsetsOf(message: Extract<FromWorker, { type: 'halted' }>): {
  nextToRead: bigint;
  logStart: bigint;
  logEnd: bigint;
} {
  return {
    nextToRead: parseOffset(message.nextToRead),
    logStart: parseOffset(message.logStart),
    logEnd: parseOffset(message.logEnd),
  };
}
