import type { EngineError } from '../domain/errors.js';
import {
  type AlarmPosition,
  isNonEmpty,
  type NonEmpty,
  parseOffset,
  partitionText,
  type TopicPartition,
} from '../domain/position.js';
import type { QueueName, StageName } from '../ports/flow.js';
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
import { encodeFinishedSet } from '../tracker/finished-set.js';
import { Carry } from './carry.js';
import { type ReadFrom, Term } from './term.js';

/** Some 40,000 alarms of usual size, beyond what the queues hold; a few hundred of those who write much. */
const capacityBytes = 64 * 1024 * 1024;

export interface FlowOptions {
  readonly topology: NonEmpty<StageSpec>;
  readonly alarmTopic: string;
  /** The topics of what waits for its time, each with the stage that reads it. */
  readonly waitingTopics: ReadonlyMap<string, StageName>;
  readonly capacity: Readonly<Record<QueueName, number>>;
  readonly ledger: Ledger;
  readonly tracker: OffsetTracker;
  readonly store: OffsetStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  supervisor(): Supervisor;
  /** A worker tells of its outside systems and its counts. */
  onBeat(worker: WorkerHandle, beat: Extract<FromWorker, { type: 'beat' }>): void;
  /** Kafka has told of other partitions of a topic than before. */
  onPartitions(): void;
  /** Methods may ask for digests. */
  onDigestsAsked(): void;
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
  readonly #partitions = new Map<string, readonly number[]>();
  #isPaused = false;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.pipeline = new Pipeline({
      topology: options.topology,
      capacity: options.capacity,
      capacityBytes,
      ledger: options.ledger,
      soon: (run) => options.clock.soon(run),
      begin: (position) => !this.#isPaused && this.#begin(position),
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

  /** Undefined until Kafka was asked; empty while the topic does not exist. */
  partitionsOf(topic: string): readonly number[] | undefined {
    return this.#partitions.get(topic);
  }

  /** Alarms of the partition that may still be sent: a worker that is behind holds those of any, of a term that has ended. */
  inFlowCount(partition: TopicPartition): number {
    return (this.#term?.inFlowCount(partition) ?? 0) + this.pipeline.behindCount;
  }

  /** With the lock of the whole topic, or without it: then partitions are taken one by one. */
  beginTerm(lease: Lease, lock?: HeldLock): void {
    const number = this.pipeline.term;
    const source = {
      resume: (partition: TopicPartition, from: ReadFrom) => {
        // What is resumed while the engine stops would be read for nobody.
        if (this.#isPaused) return;
        const start = this.#wireFrom(partition, from);
        this.#toSource(partition.topic, { type: 'resume', term: number, partition, ...start });
      },
      pause: (partition: TopicPartition) => this.#toSource(partition.topic, { type: 'pause', term: number, partition }),
    };
    const { telemetry } = this.#options;
    this.#term = new Term({ ...this.#options, number, lock, carry: this.#carry, source });
    this.#lease = lease;
    this.renewLease();
    telemetry.event('term_begun', { term: number, lock: lock?.fence.lockPath });
    for (const [topic, partitions] of this.#partitions) this.#term.partitionsSeen(topic, partitions);
  }

  /** Everything under way is void in every process, as fast as a message travels. */
  endTerm(reason: string): void {
    if (this.#term === undefined) return;
    const unfinished = this.pipeline.unfinishedCount;
    // What a stop hands on cleanly is no loss to warn of.
    if (reason !== 'released')
      this.#options.telemetry.event('term_ended', { term: this.#term.number, reason, unfinished });
    this.#term.end();
    this.#term = undefined;
    this.#lease = undefined;
    this.pipeline.begin(this.pipeline.term + 1);
    this.#tellLease();
  }

  /** Tells the workers how far the lease reaches by now, when that has changed. */
  renewLease(): void {
    const endsAtMonoMs = this.#lease?.endsAtMonoMs() ?? 0;
    if (endsAtMonoMs !== this.#toldEndMonoMs) this.#tellLease();
    const { telemetry, clock } = this.#options;
    telemetry.gauge('lock_held', this.#term?.isActive === true ? 1 : 0);
    telemetry.gauge('lease_remaining_seconds', Math.max(0, endsAtMonoMs - clock.monoMs()) / 1000);
  }

  /** Begins nothing any more: what is read from here on will be read again by whoever comes after. */
  pause(): void {
    this.#isPaused = true;
    for (const partition of this.#options.tracker.openPartitions()) {
      this.#toSource(partition.topic, { type: 'pause', term: this.pipeline.term, partition });
    }
  }

  committing(commits: NonEmpty<Commit>): void {
    this.#term?.committing(commits);
  }

  committed(commits: NonEmpty<Commit>): void {
    this.#term?.committed(commits);
    for (const topic of new Set(commits.map(({ partition }) => partition.topic))) {
      const positions = commits
        .filter(({ partition }) => partition.topic === topic)
        .map(({ partition, stored }) => toWirePosition({ ...partition, offset: stored.nextToRead }));
      if (isNonEmpty(positions)) this.#toSource(topic, { type: 'committed', term: this.pipeline.term, positions });
    }
  }

  workerReady(worker: WorkerHandle): void {
    worker.send(this.#leaseMessage());
    for (const topic of [this.#options.alarmTopic, ...this.#options.waitingTopics.keys()]) {
      if (worker.ref.stage === this.#sourceOf(topic) && !this.#isPaused) this.#term?.sourceReplaced(topic);
    }
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
        this.#topicSeen(message.topic, message.partitions);
        return;
      case 'held':
      case 'finished':
        if (message.term === this.pipeline.term && !this.#isPaused) this.#heldBySource(message);
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
      case 'digests_asked':
        this.#options.onDigestsAsked();
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

  #tellLease(): void {
    const message = this.#leaseMessage();
    this.#toldEndMonoMs = message.endsAtMonoMs;
    for (const worker of this.#options.supervisor().workers) if (worker.state === 'ready') worker.send(message);
  }

  #leaseMessage(): Extract<ToWorker, { type: 'lease' }> {
    const [endsAtMonoMs, endsAtMs] = [this.#lease?.endsAtMonoMs() ?? 0, this.#lease?.endsAtMs() ?? 0];
    return { type: 'lease', term: this.pipeline.term, endsAtMonoMs, endsAtMs };
  }

  #begin(position: AlarmPosition): boolean {
    const isHeld = this.#options.waitingTopics.has(position.topic);
    return (isHeld ? this.#term?.release(position) : this.#term?.begin(position)) === true;
  }

  #heldBySource(message: Extract<FromWorker, { type: 'held' | 'finished' }>): void {
    for (const at of message.positions) {
      if (message.type === 'held') this.#term?.hold(fromWirePosition(at));
      else this.#term?.drop(fromWirePosition(at));
    }
  }

  /** The other topics are created by the engine itself; only the alarm topic is worth a word. */
  #topicSeen(topic: string, partitions: readonly number[]): void {
    const { alarmTopic, telemetry } = this.#options;
    this.#partitions.set(topic, partitions);
    if (partitions.length === 0 && topic === alarmTopic) telemetry.event('topic_absent', { topic });
    this.#term?.partitionsSeen(topic, partitions);
    this.#options.onPartitions();
  }

  #wireFrom({ topic }: TopicPartition, { nextToRead, committed, finishedAbove }: ReadFrom) {
    const isHeld = this.#options.waitingTopics.has(topic);
    return {
      ...(nextToRead === undefined ? {} : { nextToRead: nextToRead.toString() }),
      ...(committed === undefined ? {} : { committed: committed.toString() }),
      ...(isHeld && finishedAbove !== undefined ? { finished: encodeFinishedSet(finishedAbove) } : {}),
    };
  }

  #sourceOf(topic: string): StageName {
    return this.#options.waitingTopics.get(topic) ?? 'kafka_consumer';
  }

  #toSource(topic: string, message: ToWorker): void {
    for (const worker of this.#options.supervisor().of(this.#sourceOf(topic)))
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
