import { parseOffsetText } from '../../src/adapters/zookeeper/offset-text.js';
import type { TopicPartition } from '../../src/domain/position.js';
import type { Fields } from '../../src/ports/system.js';
import { alarmTopic, SimBroker } from './broker.js';
import { CallCounter, type CallPoint } from './calls.js';
import { Chance } from './chance.js';
import { type AlarmKind, Checker } from './checker.js';
import { DayChecker } from './day-checker.js';
import { definitions, SimDatabase } from './directory.js';
import { isOrderly } from './faults.js';
import { Host } from './host.js';
import { epochMs } from './process.js';
import { Receivers } from './receivers.js';
import { Scheduler } from './scheduler.js';
import { Trace } from './trace.js';
import { periodMs, WaitingTopic, waitingTopics } from './waiting-topic.js';
import type { WorkerSurroundings } from './workers.js';
import { SimZookeeper, type Write } from './zookeeper.js';

export interface WorldSettings {
  readonly hostCount: number;
  readonly partitionCount: number;
  readonly alarmCount: number;
  readonly windowCount: number;
  readonly capacityCount: number;
  readonly inHandCount: number;
  readonly senders: number;
  readonly sessionTimeoutMs: number;
  /** `zookeeper.lock` of the engines; changing: each gets the other one whenever it is started again. */
  readonly lock: 'topic' | 'partition' | 'changing';
  /** Some alarms kill whoever sends them. */
  readonly hasPoison: boolean;
  /** The one call of the first host that goes wrong. */
  readonly callPoint?: CallPoint;
  /** Retries and repeats are read too, and alarms come and go for hours. */
  readonly isDay?: boolean;
}

export function settingsOf(number: number): WorldSettings {
  const chance = new Chance(number, 2);
  const lock = new Chance(number, 5).one<WorldSettings['lock']>([
    'topic',
    'topic',
    'partition',
    'partition',
    'changing',
  ]);
  return {
    lock,
    hostCount: chance.one([1, 2, 2, 3]),
    partitionCount: chance.whole(1, 3) * (lock === 'topic' ? 1 : 2),
    alarmCount: chance.one([10, 20, 40, 100]),
    windowCount: chance.one([8, 20, 50, 1_000]),
    capacityCount: chance.one([2, 5, 20, 100]),
    inHandCount: chance.one([1, 4, 16, 64]),
    senders: chance.whole(1, 2),
    sessionTimeoutMs: chance.one([2_000, 3_000, 6_000]),
    hasPoison: chance.is(0.15) && !isOrderly(number),
  };
}

/** Two engines that share a day of few alarms. */
export function daySettingsOf(number: number): WorldSettings {
  const chance = new Chance(number, 4);
  const few = { hostCount: 2, partitionCount: chance.whole(1, 2), alarmCount: chance.whole(2, 4), senders: 1 };
  const sizes = { windowCount: 1_000, capacityCount: chance.one([2, 20]), inHandCount: chance.one([1, 16]) };
  const lock = chance.one<WorldSettings['lock']>(['topic', 'partition']);
  return { ...few, ...sizes, lock, sessionTimeoutMs: 6_000, hasPoison: false, isDay: true };
}

const ownersRoot = '/consumers/g/owners/';
const ownersPath = `${ownersRoot}${alarmTopic}`;
const offsetsPath = `/consumers/g/offsets/${alarmTopic}/`;

const randomLetters = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Everything that there is in one run, by one number. */
export class World {
  readonly settings: WorldSettings;
  readonly chance: Chance;
  readonly scheduler: Scheduler;
  readonly checker: Checker;
  readonly zookeeper: SimZookeeper;
  readonly broker: SimBroker;
  readonly database: SimDatabase;
  readonly receivers: Receivers;
  readonly hosts: readonly Host[];
  readonly traced: Trace;
  readonly calls: CallCounter;
  /** The first node of each line of lock nodes, by its directory. */
  readonly #heads = new Map<string, string>();
  /** Locks that engines have taken, as long as their nodes are there. */
  readonly #taken = new Set<string>();
  readonly day: DayChecker | undefined;

  constructor(number: number, settings: WorldSettings, isTraceKept: boolean) {
    this.settings = settings;
    this.chance = new Chance(number, 3);
    this.scheduler = new Scheduler(this.chance);
    this.traced = new Trace(isTraceKept);
    this.checker = new Checker(settings.windowCount, {
      nowMs: () => this.scheduler.nowMs,
      trace: (who, what) => this.trace(who, what),
    });
    this.calls = new CallCounter(settings.callPoint, ({ call, kind, fate }) =>
      this.trace('FAULT', `call ${call} of h1, to ${kind}, ${fate}`),
    );
    this.zookeeper = new SimZookeeper(this.scheduler, this.chance);
    this.zookeeper.onWrite = (write) => this.#written(write);
    this.broker = new SimBroker(this.scheduler, this.chance, this.checker, settings.partitionCount);
    this.database = new SimDatabase(this.scheduler);
    this.day = settings.isDay ? this.#newDay() : undefined;
    this.receivers = new Receivers(this.scheduler);
    this.hosts = Array.from({ length: settings.hostCount }, (_, index) => new Host(`h${index + 1}`, this));
    for (const host of this.hosts) this.scheduler.after(this.chance.between(0, 500), () => host.start());
  }

  trace(who: string, what: string): void {
    this.traced.add(this.scheduler.nowMs, who, what);
  }

  /** An event of an engine; names of lock nodes hold random letters, which no trace may. */
  heard(who: string, name: string, fields: Fields): void {
    if (name === 'item_quarantined')
      this.checker.convicted({
        topic: alarmTopic,
        partition: Number(fields.partition),
        offset: BigInt(String(fields.offset)),
      });
    // Its holder may hear of a lock only when it is gone already.
    const lock = name === 'lock_taken' || name === 'partition_taken' ? String(fields.lock) : '';
    if (this.zookeeper.nodes.has(lock)) this.#taken.add(lock);
    const { term, reason, code, partition, offset, stage, index, exit, unfinished } = fields;
    const shown = {
      term,
      reason: typeof reason === 'string' ? reason.replace(randomLetters, '…') : reason,
      code,
      partition,
      offset: offset === undefined ? undefined : String(offset),
      stage,
      index,
      exit,
      unfinished,
    };
    this.trace(who, `${name} ${JSON.stringify(shown)}`);
  }

  termEnded(term: string): void {
    this.checker.repeats.termEnded(term, (id) => this.checker.isCovered(id));
  }

  /** Produces all alarms between now and `untilMs`, in bursts. Returns when the last one comes. */
  produce(untilMs: number): number {
    const { alarmCount, partitionCount, hasPoison } = this.settings;
    let atMs = this.chance.between(0, untilMs / 4);
    let lastMs = atMs;
    for (let count = 0; count < alarmCount; count += 1) {
      if (this.chance.is(0.2)) atMs = this.chance.between(0, untilMs);
      lastMs = Math.max(lastMs, atMs);
      this.scheduler.after(atMs, () => this.#produceOne(partitionCount, hasPoison));
    }
    return lastMs;
  }

  workerSurroundings(host: Host): WorkerSurroundings {
    const { scheduler, receivers, chance, broker, database, settings, day } = this;
    return {
      scheduler,
      receivers,
      chance,
      broker,
      database,
      windowCount: settings.windowCount,
      inHandCount: settings.inHandCount,
      day,
      checker: this.checker,
      termOf: (worker, at) => host.termOf(worker, at),
      otherHolder: (lock, at) => this.#otherHolder(lock, at),
    };
  }

  /** One of the locks at the head of their lines. */
  anyLock(): string | undefined {
    const heads = [...this.#heads.values()];
    return heads[Math.floor(this.chance.number() * heads.length)];
  }

  /**
   * Alarms that fire and end, several times each, until `untilMs`; all are over then. The database knows of a change before anybody is told.
   */
  produceDay(untilMs: number): void {
    const { chance, scheduler } = this;
    for (let alarm = 0; alarm < this.settings.alarmCount; alarm += 1) {
      let atMs = chance.between(0, 600_000);
      while (atMs < untilMs - 600_000) {
        // Mostly minutes to an hour; now and then back within one period.
        const firesMs = chance.is(0.2) ? chance.between(1_000, 50_000) : chance.between(60_000, 3_600_000);
        const endsAtMs = Math.min(atMs + firesMs, untilMs);
        scheduler.after(atMs, () => this.#transition(`a${alarm}`, 'ALARM'));
        scheduler.after(endsAtMs, () => this.#transition(`a${alarm}`, 'OK'));
        atMs = endsAtMs + (chance.is(0.2) ? chance.between(1_000, 20_000) : chance.between(60_000, 1_800_000));
      }
    }
  }

  #transition(alarmId: string, newState: string): void {
    const changedAtMs = Math.floor(epochMs + this.scheduler.nowMs);
    this.day?.moved(alarmId, newState);
    const definition = ['two', 'one', 'all'][Number(alarmId.slice(1)) % 3] ?? 'one';
    const partition = this.chance.whole(0, this.settings.partitionCount - 1);
    const methodIds = definitions[definition] ?? [];
    this.scheduler.after(this.chance.delayMs(5), () =>
      this.broker.produce({ alarmId, kind: 'plain', definition, methodIds, partition, newState, changedAtMs }),
    );
  }

  #newDay(): DayChecker {
    const { broker, database, settings, scheduler, checker } = this;
    for (const name of waitingTopics.keys())
      broker.waiting.set(name, new WaitingTopic(name, settings.partitionCount, () => broker.isAway));
    const day = new DayChecker({ nowMs: () => epochMs + scheduler.nowMs, fail: (text) => checker.fail(text) });
    database.stateOf = (alarmId) => day.stateOf(alarmId);
    for (const methodId of ['m0', 'm1']) database.periodMs.set(methodId, periodMs);
    broker.onRecord = (record) => day.recorded(record);
    return day;
  }

  #lockEnded(path: string): void {
    this.#taken.delete(path);
    for (const host of this.hosts) for (const term of host.termsUnder(path)) this.termEnded(term);
  }

  /** Another lock than this one under which the partition is owned, or the head of its own line, as the servers have it. */
  #otherHolder(lock: string | undefined, { topic, partition }: TopicPartition): string | undefined {
    const directory = lock?.slice(0, lock.lastIndexOf('/')) ?? ownersPath;
    const head = this.#heads.get(directory);
    if (head !== undefined && head !== lock) return head;
    const own = [ownersPath, `${ownersRoot}${topic}/${partition}`];
    return [...this.#taken].find((each) => each !== lock && own.includes(each.slice(0, each.lastIndexOf('/'))));
  }

  #produceOne(partitionCount: number, hasPoison: boolean): void {
    const dice = this.chance.number();
    const isPoison = hasPoison && dice > 0.97;
    const kind: AlarmKind = isPoison
      ? 'poison'
      : dice < 0.03
        ? 'malformed'
        : dice < 0.06
          ? 'disabled'
          : dice < 0.1
            ? 'nobody'
            : 'plain';
    const definition = kind === 'nobody' ? 'none' : this.chance.one(['one', 'one', 'two', 'all']);
    const alarmId = `a${this.chance.whole(1, 8)}`;
    const methodIds = kind === 'plain' || kind === 'poison' ? (definitions[definition] ?? []) : [];
    const partition = this.chance.whole(0, partitionCount - 1);
    const times = this.chance.is(0.03) ? 2 : 1;
    // A producer that did not hear the answer sends it again: the same alarm at two offsets.
    for (let time = 0; time < times; time += 1)
      this.broker.produce({ alarmId, kind, definition, methodIds, partition });
  }

  #written(write: Write): void {
    const { path, kind } = write;
    if (path.startsWith(ownersRoot) && path.includes('-lock-')) this.#lineChanged(path.slice(0, path.lastIndexOf('/')));
    if (!path.startsWith(offsetsPath) || (kind !== 'set' && kind !== 'create') || write.data.length === 0) return;
    const partition = Number(path.slice(offsetsPath.length));
    const stored = parseOffsetText(path, write.data);
    this.trace('zookeeper', `partition ${partition} is committed at ${stored.nextToRead}`);
    this.checker.committed({ topic: alarmTopic, partition }, stored);
  }

  #lineChanged(directory: string): void {
    const before = this.#heads.get(directory);
    const head = this.zookeeper.headOf(directory, '-lock-')?.path;
    if (head === before) return;
    if (head === undefined) this.#heads.delete(directory);
    else this.#heads.set(directory, head);
    // Whoever led under it has lost it, whether or not it knows.
    if (before !== undefined && !this.zookeeper.nodes.has(before)) this.#lockEnded(before);
    const line = directory === ownersPath ? 'the topic' : directory.slice(ownersRoot.length);
    this.trace(
      'zookeeper',
      head === undefined ? `nobody leads ${line}` : `lock ${head.slice(head.lastIndexOf('-'))} leads ${line}`,
    );
  }
}
