import { ConfigurationError, EngineError, isSettingCode, messageOf } from '../domain/errors.js';
import type { StageName } from '../ports/flow.js';
import type { WorkerRef } from '../ports/progress.js';
import type { Clock, Fields } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { FromWorker } from './protocol.js';
import { codeOf } from './wire.js';
import type { StartWorker, WorkerHandle } from './worker-handle.js';

/** What the supervisor needs to know about one stage. */
export interface Crew {
  readonly stage: StageName;
  readonly processes: number;
  /** The `config` of the `start` message: this stage's piece, secrets revealed. */
  readonly config: Fields;
}

export interface SupervisorOptions {
  readonly startWorker: StartWorker;
  /** Downstream first: nothing is read before the last stage can finish it. */
  readonly crews: readonly Crew[];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** A worker that was not heard for so long is killed; 5 s unless said otherwise. */
  readonly silenceLimitMs?: number;
  onReady(worker: WorkerHandle): void;
  /** What this throws about a message costs the worker its life. */
  onMessage(worker: WorkerHandle, message: FromWorker): void;
  onDead(worker: WorkerHandle): void;
  /** Nothing more can be done here: the engine has to end. */
  onFailure(error: EngineError): void;
}

const watchEveryMs = 500;
const defaultSilenceLimitMs = 5_000;
/** A start costs about a second of processor each, and a busy host may share one among dozens. */
const startLimitMs = 120_000;
const replacementsLimit = 5;
const replacementsSpanMs = 60_000;

/** Starts the workers, replaces those that die, and gives up when dying is all they do. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workers = new Map<string, WorkerHandle>();
  readonly #replacements = new Map<StageName, number>();
  readonly #lastWords = new WeakMap<WorkerHandle, string>();
  readonly #condemned = new WeakSet<WorkerHandle>();
  #replacedAtMonoMs: number[] = [];
  #generation = 0;
  #isStopping = false;
  #stopWatching: () => void = () => undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves when each worker of the beginning is ready, or has died; never rejects. */
  async start(): Promise<void> {
    let watchedAtMonoMs = this.#options.clock.monoMs();
    this.#stopWatching = this.#options.clock.every(watchEveryMs, () => {
      const nowMonoMs = this.#options.clock.monoMs();
      this.#watch(Math.min(nowMonoMs - watchedAtMonoMs, 2 * watchEveryMs));
      watchedAtMonoMs = nowMonoMs;
    });
    await Promise.all(this.#options.crews.flatMap((crew) => this.#begin(crew)));
  }

  /** Starts another crew beside those of the beginning; does nothing when it is there already. */
  join(crew: Crew): void {
    if (!this.#isStopping && !this.#replacements.has(crew.stage)) this.#begin(crew);
  }

  get workers(): readonly WorkerHandle[] {
    return [...this.#workers.values()];
  }

  of(stage: StageName): readonly WorkerHandle[] {
    return this.workers.filter((worker) => worker.ref.stage === stage);
  }

  replacements(stage: StageName): number {
    return this.#replacements.get(stage) ?? 0;
  }

  /** Kills a worker that broke the protocol; it is replaced like one that died. More that is held against it before its end says nothing new. */
  condemn(worker: WorkerHandle, reason: string): void {
    if (worker.state === 'dead' || this.#condemned.has(worker)) return;
    this.#condemned.add(worker);
    this.#options.telemetry.event('worker_killed', { ...fieldsOf(worker), reason });
    worker.kill();
  }

  /** Asks the workers to close what they hold open and to exit; kills those that have not when `deadline` aborts. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true;
    const leaving = this.workers;
    for (const worker of leaving) {
      if (worker.state === 'ready') worker.state = 'draining';
      worker.send({ type: 'drain' });
    }
    const kill = () => {
      for (const worker of leaving) if (worker.state !== 'dead') worker.kill();
    };
    if (deadline.aborted) kill();
    else deadline.addEventListener('abort', kill, { once: true });
    await Promise.all(leaving.map((worker) => worker.exited));
    this.#stopWatching();
  }

  #begin(crew: Crew): readonly Promise<void>[] {
    this.#replacements.set(crew.stage, 0);
    return Array.from({ length: crew.processes }, (_, index) => this.#fork(crew, index));
  }

  #fork(crew: Crew, index: number): Promise<void> {
    const { telemetry, clock } = this.#options;
    this.#generation += 1;
    const ref: WorkerRef = { stage: crew.stage, index, generation: this.#generation };
    const startedAtMonoMs = clock.monoMs();
    let settle: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const ready = () => {
      worker.state = 'ready';
      telemetry.event('worker_ready', {
        ...fieldsOf(worker),
        started_ms: Math.round(clock.monoMs() - startedAtMonoMs),
      });
      this.#options.onReady(worker);
      settle();
    };
    const worker: WorkerHandle = this.#options.startWorker(ref, (message) => {
      try {
        if (message.type === 'ready') ready();
        else if (message.type === 'start_failed' || message.type === 'crashed') this.#reported(worker, message);
        else this.#options.onMessage(worker, message);
      } catch (error) {
        this.condemn(worker, messageOf(error));
      }
    });
    this.#workers.set(`${crew.stage}/${index}`, worker);
    worker.send({ type: 'start', stage: crew.stage, index, config: crew.config });
    void worker.exited.then((exit) => {
      settle();
      this.#died(crew, worker, exit.signal ?? exit.code);
    });
    return started;
  }

  #reported(worker: WorkerHandle, message: Extract<FromWorker, { type: 'start_failed' | 'crashed' }>): void {
    const code = codeOf(message.error);
    this.#lastWords.set(worker, message.error.message);
    this.#options.telemetry.event('worker_crashed', {
      ...fieldsOf(worker),
      code,
      detail: message.error.message,
      stack: message.error.stack,
    });
    if (code !== undefined && isSettingCode(code))
      this.#options.onFailure(new ConfigurationError(code, message.error.message));
  }

  #died(crew: Crew, worker: WorkerHandle, how: string | number | null): void {
    const { telemetry, clock } = this.#options;
    if (this.#isStopping) return;
    telemetry.event('worker_died', { ...fieldsOf(worker), exit: String(how) });
    this.#options.onDead(worker);
    const nowMonoMs = clock.monoMs();
    this.#replacedAtMonoMs = [...this.#replacedAtMonoMs.filter((at) => at > nowMonoMs - replacementsSpanMs), nowMonoMs];
    if (this.#replacedAtMonoMs.length > replacementsLimit) {
      const words = this.#lastWords.get(worker) ?? `ended with ${how}, without a word`;
      const text = `${this.#replacedAtMonoMs.length} workers died within ${replacementsSpanMs / 1000} s, the last one a ${crew.stage}: ${words}; see the events worker_crashed and worker_died`;
      this.#options.onFailure(new EngineError('WORKERS_FAILING', text, { retriable: true }));
      return;
    }
    this.#replacements.set(crew.stage, this.replacements(crew.stage) + 1);
    telemetry.event('worker_replaced', { stage: crew.stage, index: worker.ref.index });
    void this.#fork(crew, worker.ref.index);
  }

  #watch(elapsedMs: number): void {
    for (const worker of this.#workers.values()) {
      if (worker.state === 'dead') continue;
      worker.silentMs += elapsedMs;
      const limitMs =
        worker.state === 'starting' ? startLimitMs : (this.#options.silenceLimitMs ?? defaultSilenceLimitMs);
      if (worker.silentMs > limitMs && !this.#isStopping)
        this.condemn(worker, `silent for ${Math.round(worker.silentMs)} ms`);
    }
  }
}

function fieldsOf(worker: WorkerHandle): Fields {
  return { stage: worker.ref.stage, index: worker.ref.index, worker_pid: worker.pid };
}
