import type { Identity } from './adapters/zookeeper/lock-node.js';
import { ZookeeperOffsetStore } from './adapters/zookeeper/offset-store.js';
import type { ZookeeperOptions } from './adapters/zookeeper/session.js';
import { SessionKeeper } from './adapters/zookeeper/session-keeper.js';
import { ConfigurationError, EngineError, messageOf } from './domain/errors.js';
import type { NonEmpty } from './domain/position.js';
import { untilAborted } from './domain/until-aborted.js';
import { drain } from './engine/drain.js';
import { Flow } from './engine/flow.js';
import { type Ownership, ownershipOf } from './engine/ownership.js';
import { runStopSteps, type StopStep } from './engine/stop.js';
import type { QueueName, StageName } from './ports/flow.js';
import type { OffsetStore } from './ports/progress.js';
import type { Clock, Random } from './ports/system.js';
import type { FromWorker, SystemSeen } from './runtime/protocol.js';
import type { StopRequest } from './runtime/shutdown.js';
import { type Crew, Supervisor } from './runtime/supervisor.js';
import type { StartWorker, WorkerHandle } from './runtime/worker-handle.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { StageSpec } from './topology.js';
import { CommitLoop } from './tracker/commit-loop.js';
import { spanLimits } from './tracker/finished-set.js';
import { ParcelLedger } from './tracker/ledger.js';
import { FirstUnfinishedTracker } from './tracker/offset-tracker.js';

export interface EngineOptions {
  readonly topology: NonEmpty<StageSpec>;
  /** Downstream first, each with its stage's piece of the configuration. */
  readonly crews: readonly Crew[];
  /** Joins them once methods may ask for digests; absent: digests are made elsewhere. */
  readonly digestCrew?: Crew | undefined;
  readonly capacity: Readonly<Record<QueueName, number>>;
  readonly alarmTopic: string;
  /** The topics of what waits for its time, each with the stage that reads it. */
  readonly waitingTopics: ReadonlyMap<string, StageName>;
  /** How far reading of alarms may run ahead of the committed offset. */
  readonly windowCount: number;
  readonly zookeeper: ZookeeperOptions;
  /** Whether one engine works and the others stand by, or all share the partitions. */
  readonly lock: 'topic' | 'partition';
  readonly maxHeadAgeMs: number | undefined;
  readonly stopDeadlineMs: number;
  readonly identity: Identity;
  readonly startWorker: StartWorker;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly request: StopRequest;
  onBeat(worker: WorkerHandle, beat: Extract<FromWorker, { type: 'beat' }>): void;
  onWorkerDead(worker: WorkerHandle): void;
}

const leaseTellEveryMs = 200;
const patienceMs = 1_500;

/**
 * The main process: builds its parts, runs them, stops them.
 *
 * It owns the queues, the ledger, the tracker, the ZooKeeper session and the workers; it parses no alarm, asks no database and sends
 * nothing. The first part that ends without being asked ends all.
 */
export class Engine {
  readonly tracker: FirstUnfinishedTracker;
  readonly keeper: SessionKeeper;
  readonly flow: Flow;
  readonly supervisor: Supervisor;
  readonly commits: CommitLoop;
  /** What each worker last told of its outside systems. */
  readonly systems = new Map<WorkerHandle, Readonly<Record<string, SystemSeen>>>();
  readonly notes = new Map<WorkerHandle, readonly string[]>();
  readonly ownership: Ownership;
  readonly #options: EngineOptions;
  readonly #stopping = new AbortController();
  readonly ledger = new ParcelLedger();
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #failure: EngineError | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { clock, random, telemetry, identity } = options;
    this.keeper = new SessionKeeper(options.zookeeper, { clock, random, telemetry });
    const store = new ZookeeperOffsetStore(this.keeper, identity.instance);
    const { waitingTopics, windowCount } = options;
    const capacityOf = (topic: string) => (waitingTopics.has(topic) ? spanLimits.waiting : windowCount);
    this.tracker = new FirstUnfinishedTracker({ clock, capacityOf });
    this.flow = this.#newFlow(store);
    this.supervisor = this.#newSupervisor();
    this.commits = this.#newCommitLoop(store);
    this.ownership = ownershipOf({
      mode: options.lock,
      alarmTopic: options.alarmTopic,
      otherTopics: [...waitingTopics.keys()],
      keeper: this.keeper,
      identity,
      clock,
      telemetry,
      flow: this.flow,
      commits: () => this.commits,
    });
  }

  get role(): 'starting' | 'standby' | 'active' | 'stopping' {
    if (this.#phase !== 'running') return this.#phase;
    return this.flow.term?.isActive === true ? 'active' : 'standby';
  }

  /** Runs until it is asked to stop or cannot go on. Resolves with the exit code. */
  async run(): Promise<0 | 1 | 78> {
    const { request, telemetry, clock } = this.#options;
    request.stop.addEventListener('abort', () => this.#stopping.abort(), { once: true });
    if (request.stop.aborted) this.#stopping.abort();
    const ending = this.#stopping.signal;
    this.keeper.start();
    await Promise.race([this.supervisor.start(), untilAborted(ending)]);
    const stopTelling = clock.every(leaseTellEveryMs, () => this.flow.renewLease());
    if (!ending.aborted) this.#phase = 'running';
    const background = new AbortController();
    const kept = async (part: Promise<void>) => await part.catch((error: unknown) => this.fail(error));
    const owning = kept(this.ownership.run(ending));
    const others = [kept(this.commits.run(background.signal)), kept(this.ownership.announce(background.signal))];
    await untilAborted(ending);
    this.#phase = 'stopping';
    telemetry.event('engine_stopping', { reason: this.#failure?.message ?? request.name(), code: this.#failure?.code });
    await this.#settled(owning);
    await this.#stop();
    background.abort();
    await this.keeper.close();
    await Promise.all([owning, ...others]);
    stopTelling();
    return this.#exitCode();
  }

  /** Why the engine cannot go on; undefined while it can. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Outside systems that have not answered lately, by name. */
  away(): readonly string[] {
    const failing = new Set<string>();
    for (const systems of this.systems.values()) {
      for (const [name, seen] of Object.entries(systems)) if (seen.failure !== undefined) failing.add(name);
    }
    if (this.keeper.session === undefined) failing.add('zookeeper');
    if (this.#failure !== undefined) failing.add('this engine');
    return [...failing];
  }

  #newFlow(store: OffsetStore): Flow {
    const { topology, alarmTopic, waitingTopics, capacity, clock, telemetry, digestCrew } = this.#options;
    return new Flow({
      topology,
      alarmTopic,
      waitingTopics,
      capacity,
      ledger: this.ledger,
      tracker: this.tracker,
      store,
      clock,
      telemetry,
      supervisor: () => this.supervisor,
      onBeat: (worker, beat) => this.#heard(worker, beat),
      onPartitions: () => this.ownership.partitionsChanged(),
      onDigestsAsked: () => {
        if (digestCrew !== undefined) this.supervisor.join(digestCrew);
      },
      onFailure: (error) => this.fail(error),
    });
  }

  #newSupervisor(): Supervisor {
    const { startWorker, crews, clock, telemetry } = this.#options;
    return new Supervisor({
      startWorker,
      crews,
      clock,
      telemetry,
      onReady: (worker) => this.flow.workerReady(worker),
      onMessage: (worker, message) => this.flow.hear(worker, message),
      onDead: (worker) => this.#buried(worker),
      onFailure: (error) => this.fail(error),
    });
  }

  #newCommitLoop(store: OffsetStore): CommitLoop {
    const { clock, telemetry, maxHeadAgeMs, waitingTopics } = this.#options;
    return new CommitLoop({
      tracker: this.tracker,
      store,
      clock,
      telemetry,
      maxHeadAgeMs,
      isPatient: (topic) => waitingTopics.has(topic),
      lease: () => this.flow.lease,
      fenceOf: (partition) => this.flow.term?.fenceOf(partition),
      onCommitting: (commits) => this.flow.committing(commits),
      onCommitted: (commits) => this.flow.committed(commits),
      onFenced: (fence) => this.ownership.fenced(fence),
    });
  }

  /** A ZooKeeper that hangs must not hold up the stop: a place in the line for the lock ends with its session at the latest. */
  async #settled(left: Promise<void>): Promise<void> {
    const { clock, request } = this.#options;
    const limit = clock.limit(patienceMs, request.force);
    await Promise.race([left, untilAborted(limit.signal)]);
    limit.clear();
  }

  async #stop(): Promise<void> {
    const { clock, telemetry, request, stopDeadlineMs } = this.#options;
    this.flow.pause();
    const draining = new AbortController();
    const left = this.ownership.leave(draining.signal).catch((error: unknown) => this.fail(error));
    const how = await drain(
      {
        clock,
        telemetry,
        deadlineMs: (stopDeadlineMs * 3) / 4,
        patienceMs,
        unfinishedCount: () => this.flow.pipeline.unfinishedCount + this.flow.pipeline.behindCount,
        away: () => this.away(),
        waiting: () => this.#waiting(),
      },
      request.force,
    );
    if (how !== 'drained') draining.abort();
    await this.#settled(left);
    draining.abort();
    const commit: StopStep = {
      name: 'commit',
      limitMs: 1_500,
      run: (signal) => this.commits.flush(signal),
    };
    const stopWorkers: StopStep = {
      name: 'stop the workers',
      limitMs: 2_000,
      run: (signal) => this.supervisor.stop(signal),
    };
    const release: StopStep = { name: 'release the lock', limitMs: 1_000, run: () => this.ownership.release() };
    // With work still in hand the next engine must not begin before every sender is gone.
    const steps = how === 'drained' ? [commit, release, stopWorkers] : [commit, stopWorkers, release];
    await runStopSteps(steps, clock, telemetry);
  }

  #heard(worker: WorkerHandle, beat: Extract<FromWorker, { type: 'beat' }>): void {
    this.systems.set(worker, beat.systems);
    this.notes.set(worker, beat.notes);
    this.#options.onBeat(worker, beat);
  }

  #buried(worker: WorkerHandle): void {
    this.systems.delete(worker);
    this.notes.delete(worker);
    this.flow.workerDead(worker);
    this.#options.onWorkerDead(worker);
  }

  /** What is left, by queue, by the worker that holds it, and with workers that have not heard that its term is over. */
  #waiting(): Readonly<Record<string, number>> {
    const { pipeline } = this.flow;
    const counts = [
      ...pipeline.queueLengths().map(({ name, length }) => [name, length] as const),
      ...this.supervisor.workers.map(({ ref }) => [`${ref.stage}-${ref.index}`, this.ledger.heldBy(ref)] as const),
      ['behind', pipeline.behindCount] as const,
    ];
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /** Ends the engine, in order. The first failure counts: what fails after it mostly fails for the same reason. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure =
      error instanceof EngineError
        ? error
        : new EngineError('INTERNAL_ERROR', messageOf(error), { retriable: true, cause: error });
    this.#options.telemetry.event('engine_failed', { code: this.#failure.code, detail: this.#failure.message });
    this.#stopping.abort();
  }

  #exitCode(): 0 | 1 | 78 {
    if (this.#failure === undefined) return 0;
    return this.#failure instanceof ConfigurationError ? 78 : 1;
  }
}
