import { partitionText, type TopicPartition } from '../../src/domain/position.js';
import { Engine } from '../../src/engine.js';
import type { FromWorker, ToWorker } from '../../src/runtime/protocol.js';
import type { StartWorker } from '../../src/runtime/worker-handle.js';
import { serveWorker } from '../../src/runtime/worker-host.js';
import type { Telemetry } from '../../src/telemetry/telemetry.js';
import { topology } from '../../src/topology.js';
import { alarmTopic } from './broker.js';
import { SimWorker } from './links.js';
import { Network } from './network.js';
import { SimProcess } from './process.js';
import { waitingTopics } from './waiting-topic.js';
import { workerParts } from './workers.js';
import type { World } from './world.js';
import { SimClient } from './zookeeper-client.js';

const restartMs = 300;
const stopDeadlineMs = 20_000;
/** The deadline is for draining; what is left is ended in a hurry. */
const stopLimitMs = stopDeadlineMs + 1_500;
const usualZookeeperMs = 2;

/** One main process, from its start to its end. */
interface MainRun {
  readonly name: string;
  readonly process: SimProcess;
  readonly engine: Engine;
  readonly stop: AbortController;
  /** Lock nodes by term, and by term and partition. */
  readonly locks: Map<string, string>;
  /** The last lock of each partition that is owned by itself. */
  readonly held: Map<string, string>;
  term: number;
}

/** A machine with one engine on it, and a service manager that starts the engine again when it ends. */
export class Host {
  readonly name: string;
  readonly zookeeper: Network;
  wallOffsetMs = 0;
  workers: SimWorker[] = [];
  run: MainRun | undefined;
  readonly #runs = new Map<string, MainRun>();
  readonly #world: World;
  readonly #clients: SimClient[] = [];
  #runCount = 0;
  #slow = { byMs: 0, untilMs: 0 };

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
    this.zookeeper = new Network(world.scheduler, world.chance, usualZookeeperMs);
  }

  get processes(): readonly SimProcess[] {
    const main = this.run === undefined ? [] : [this.run.process];
    return [...main, ...this.workers.map(({ process }) => process)].filter(({ isAlive }) => isAlive);
  }

  start(): void {
    const { scheduler } = this.#world;
    this.#runCount += 1;
    const name = `${this.name}.${this.#runCount}`;
    const process = this.#newProcess(`${name} main`);
    const stop = new AbortController();
    const engine = this.#newEngine(name, process, stop);
    const run: MainRun = { name, process, engine, stop, locks: new Map(), held: new Map(), term: 0 };
    this.run = run;
    this.#runs.set(name, run);
    process.onDead(() => this.#mainDied(run));
    scheduler.after(
      1,
      () => {
        engine.run().then(
          (code) => this.#exited(run, code),
          (error: unknown) => this.#world.checker.fail(`${name}: the engine threw ${String(error)}`),
        );
      },
      process,
    );
  }

  /** As the service manager does it: asks to stop; what has ended is started again. */
  terminate(): void {
    const { run } = this;
    const { scheduler, checker } = this.#world;
    if (run === undefined) return;
    const { process } = run;
    const { freezeCount } = process;
    scheduler.after(0.1, () => run.stop.abort(), process);
    scheduler.after(stopLimitMs, () => {
      if (process.isAlive && process.freezeCount === freezeCount) checker.fail(`${run.name} has not stopped in time`);
    });
  }

  slowLinks(byMs: number, forMs: number): void {
    this.#slow = { byMs, untilMs: this.#world.scheduler.nowMs + forMs };
  }

  cutZookeeper(): void {
    for (const client of this.#clients) client.cut();
  }

  /** Under what a worker works on a partition. Workers outlive their main by a moment. */
  termOf(worker: SimWorker, at: TopicPartition): { run: string; term: string; lock: string | undefined } {
    const name = worker.process.name.split(' ')[0] ?? '';
    const locks = this.#runs.get(name)?.locks;
    const { term } = worker.lease;
    const lock = locks?.get(`${term}/${partitionText(at)}`) ?? locks?.get(`${term}`);
    return { run: name, term: termName(name, term, lock), lock };
  }

  /** All that was done under a lock, by the names of `termOf`. */
  termsUnder(lock: string): readonly string[] {
    return [...this.#runs.values()].flatMap(({ name, locks }) =>
      [...locks].filter(([, each]) => each === lock).map(([key]) => termName(name, Number(key.split('/')[0]), lock)),
    );
  }

  #newProcess(name: string): SimProcess {
    const { scheduler, chance, calls } = this.#world;
    // The calls of one host are counted, over all its processes.
    const counted = this.name === 'h1' ? calls : undefined;
    return new SimProcess(name, scheduler, chance, { wallOffsetMs: () => this.wallOffsetMs, calls: counted });
  }

  #newEngine(name: string, process: SimProcess, stop: AbortController): Engine {
    const { settings, zookeeper, chance } = this.#world;
    const { windowCount, capacityCount, senders, sessionTimeoutMs } = settings;
    const stages = topology({ alarm: 1, notification: senders, periodic: settings.isDay ? 1 : 0 });
    const capacity = capacityCount;
    return new Engine({
      topology: stages,
      crews: [...stages].reverse().map(({ stage, processes }) => ({ stage, processes, config: {} })),
      capacity: { alarms: capacity, notifications: capacity, sent_notifications: capacity, finished: capacity },
      alarmTopic,
      lock: this.#lockMode(),
      waitingTopics,
      windowCount,
      zookeeper: {
        servers: ['zk:2181'],
        sessionTimeoutMs,
        group: 'g',
        newClient: (_servers, timeoutMs) => {
          const client = new SimClient(zookeeper, this.zookeeper, process, timeoutMs);
          this.#clients.push(client);
          return client;
        },
      },
      maxHeadAgeMs: undefined,
      stopDeadlineMs,
      identity: { host: this.name, pid: this.#runCount, instance: name, startedAt: '' },
      startWorker: this.#startWorker(name, process),
      clock: process.clock,
      random: chance.number,
      telemetry: this.#telemetry(name, process),
      request: {
        stop: stop.signal,
        force: new AbortController().signal,
        name: () => 'SIGTERM',
        dispose: () => undefined,
      },
      onBeat: () => undefined,
      onWorkerDead: () => undefined,
    });
  }

  #startWorker(run: string, main: SimProcess): StartWorker {
    const { chance, settings, scheduler, checker } = this.#world;
    return (ref, onMessage) => {
      const own = this.#newProcess(`${run} ${ref.stage}-${ref.index}#${ref.generation}`);
      const worker: SimWorker = new SimWorker(
        ref,
        { main, own },
        {
          chance,
          slowMs: () => (scheduler.nowMs < this.#slow.untilMs ? this.#slow.byMs : 0),
          heard: ({ type }) => {
            if (type === 'read' || type === 'answers') this.#checkQueues(settings.capacityCount);
          },
          inhabit: (inhabited) => this.#inhabit(inhabited),
        },
        onMessage,
      );
      this.workers = [...this.workers.filter(({ process }) => process.isAlive), worker];
      own.onDead(() => {
        this.#world.trace(own.name, 'dead');
        checker.repeats.workerDied(own.name, (id, term) => checker.isRecorded(id, term));
      });
      return worker;
    };
  }

  /** The life of a worker, once its process has started. */
  #inhabit(worker: SimWorker): (message: ToWorker) => void {
    let hear: (message: ToWorker) => void = () => undefined;
    serveWorker({
      clock: worker.process.clock,
      exit: (code) => worker.leave(code),
      link: {
        send: (message: FromWorker) => {
          if (message.type === 'crashed' || message.type === 'start_failed')
            this.#world.checker.fail(`${worker.process.name}: ${message.type}: ${message.error.message}`);
          worker.say(message);
        },
        onMessage: (listener) => {
          hear = listener;
        },
      },
      build: async (_start, host) => {
        await worker.process.clock.sleep(this.#world.chance.delayMs(60));
        return workerParts(worker, host, this.#world.workerSurroundings(this));
      },
    });
    return (message) => {
      if (message.type === 'lease') worker.lease = { term: message.term, endsAtMs: message.endsAtMonoMs };
      hear(message);
    };
  }

  #checkQueues(capacityCount: number): void {
    for (const { name, length } of this.run?.engine.flow.pipeline.queueLengths() ?? [])
      if (length > capacityCount) this.#world.checker.fail(`queue ${name} holds ${length}, more than ${capacityCount}`);
  }

  #telemetry(run: string, process: SimProcess): Telemetry {
    const telemetry: Telemetry = {
      event: (name, fields = {}) => {
        if (!process.isAlive) return;
        this.#world.heard(`${run} main`, name, fields);
        if (name === 'term_begun') {
          if (this.run !== undefined) this.#begun(this.run, Number(fields.term), fields.lock);
        }
        if (name === 'partition_taken') this.#taken(`${fields.topic}/${fields.partition}`, String(fields.lock));
        if (name === 'term_ended') this.#termEnded(this.run, Number(fields.term));
      },
      count: () => undefined,
      gauge: () => undefined,
      observe: () => undefined,
      child: () => telemetry,
    };
    return telemetry;
  }

  #lockMode(): 'topic' | 'partition' {
    const { lock } = this.#world.settings;
    if (lock !== 'changing') return lock;
    return this.#runCount % 2 === 1 ? 'topic' : 'partition';
  }

  #begun(run: MainRun, term: number, lock: unknown): void {
    run.term = term;
    if (lock !== undefined) run.locks.set(`${term}`, String(lock));
    // After the loss of one lock the others stay.
    else for (const [partition, held] of run.held) run.locks.set(`${term}/${partition}`, held);
  }

  #taken(partition: string, lock: string): void {
    this.run?.held.set(partition, lock);
    this.run?.locks.set(`${this.run.term}/${partition}`, lock);
  }

  #termEnded(run: MainRun | undefined, term: number): void {
    for (const [key, lock] of run?.locks ?? [])
      if (key.split('/')[0] === `${term}`) this.#world.termEnded(termName(run?.name ?? '', term, lock));
  }

  #mainDied(run: MainRun): void {
    this.#world.trace(run.process.name, 'dead');
    for (let term = 0; term <= run.term; term += 1) this.#termEnded(run, term);
    this.#world.scheduler.after(restartMs * (0.5 + this.#world.chance.number()), () => this.start());
  }

  #exited(run: MainRun, code: number): void {
    this.#world.trace(run.process.name, `exit ${code}`);
    if (code === 78) this.#world.checker.fail(`${run.name}: exit 78: ${run.engine.failure?.message}`);
    run.process.scheduler.after(0.5, () => run.process.kill(), run.process);
  }
}

/** One lock in one term: what repeats are counted by. */
function termName(run: string, term: number, lock: string | undefined): string {
  return `${run}/${term}${lock?.slice(lock.lastIndexOf('-')) ?? ''}`;
}
