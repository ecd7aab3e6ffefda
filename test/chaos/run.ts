import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CleanUp } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';
import { check, type Verdict } from './checker.js';
import { Seat } from './fleet.js';
import { type History, nowMs, type Strike } from './history.js';
import { LockWatch } from './lock-watch.js';
import { until } from './pace.js';
import { type PlannedStrike, type ProfileName, planned } from './plan.js';
import { ProcessSamples } from './process-samples.js';
import { Producer } from './producer.js';
import { ReceiverProcess } from './receiver-process.js';
import { ChaosServers } from './servers.js';
import { type Scene, strike } from './strikes.js';
import { unopenedIds } from './unopened.js';

const sessionSeconds = 4;
/** Nobody waits for a session to end where engines are only stopped, and a lease that ends on a busy machine would be a cause of repeats. */
const sessionSecondsOfStops = 10;
const convergeMs = 120_000;
/** What a receiver did not take waits up to two minutes for the next try with these engines, and may wait again. */
const settleMs = 600_000;
/** What one sender has in hand at most. */
const inHandCount = 512;
const tellEveryMs = 5_000;

export interface ChaosOptions {
  readonly profile: ProfileName;
  readonly seed: number;
  readonly totalMs: number;
  readonly everyMs: number;
  readonly engines: number;
  readonly senders: number;
  readonly partitions: number;
  readonly perSecond: number;
  readonly lock: 'topic' | 'partition';
  /** Ledgers go here. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface ChaosResult {
  readonly options: ChaosOptions;
  readonly history: History;
  readonly verdict: Verdict;
  readonly plannedCount: number;
  readonly refusedCount: number;
  /** From the first alarm to the end of the load, and from there until everything was committed. */
  readonly startedAtMs: number;
  readonly loadEndedAtMs: number;
  readonly convergedAtMs: number;
  readonly exits: readonly { readonly seat: number; readonly code: number | null; readonly signal: string | null }[];
  readonly samples: ProcessSamples;
}

interface Stage extends Scene {
  readonly world: World;
  readonly methodId: string;
  readonly definitionId: string;
}

/** One run from the start of the servers to the verdict. */
export async function runChaos(test: CleanUp, options: ChaosOptions): Promise<ChaosResult> {
  const stage = await setUp(test, options);
  const { seats, world } = stage;
  const samples = new ProcessSamples(seats);
  // Deaf receivers shall leave a backlog, and not one transition of each alarm.
  const alarmsPerPartition = options.profile === 'deaf' ? Number.MAX_SAFE_INTEGER : 50;
  const load = { perSecond: options.perSecond, alarmsPerPartition };
  const producer = await Producer.start(world, stage.definitionId, join(options.folder, 'producer.jsonl'), load);
  test.after(() => producer.stop().catch(() => undefined));
  const startedAtMs = nowMs();
  const strikes: Strike[] = [];
  const plan = planned(options.profile, options.seed, options.totalMs, options.everyMs);
  const stopTelling = tell(options, stage, { producer, strikes, startedAtMs, samples });
  test.after(async () => stopTelling());
  await applyAll(plan, { ...stage, strikes, startedAtMs });
  await until(startedAtMs + options.totalMs);
  await producer.stop();
  const loadEndedAtMs = nowMs();
  await world.caughtUp(convergeMs);
  const { history, notSimplySent } = await settled(stage, producer, strikes);
  const convergedAtMs = nowMs();
  stopTelling();
  await stage.watch.stop();
  await writeFile(join(options.folder, 'holdings.json'), JSON.stringify(history.holdings));
  const commits = history.commits.map((commit) => ({ ...commit, nextToRead: String(commit.nextToRead) }));
  await writeFile(join(options.folder, 'commits.json'), JSON.stringify(commits));
  await writeFile(join(options.folder, 'outcomes.jsonl'), notSimplySent.map((line) => `${line}\n`).join(''));
  await Promise.all(seats.map((seat) => seat.close()));
  return {
    ...{ options, history, startedAtMs, loadEndedAtMs, convergedAtMs, samples, plannedCount: plan.length },
    verdict: check(history, {
      perSender: inHandCount,
      perEngine: options.senders * inHandCount + 2 * options.perSecond,
    }),
    refusedCount: producer.refusedCount,
    exits: seats.flatMap(({ exits, index }) => exits.map(({ code, signal }) => ({ seat: index, code, signal }))),
  };
}

async function setUp(test: CleanUp, options: ChaosOptions): Promise<Stage> {
  options.say('starting Kafka, ZooKeeper, MariaDB and their proxies');
  const servers = await ChaosServers.start(test);
  const world = await World.create(test, { services: servers.own, partitionCount: options.partitions });
  const receiver = await ReceiverProcess.start(test, join(options.folder, 'receipts.jsonl'));
  const methodId = 'hook';
  await world.database.method({ id: methodId, type: 'WEBHOOK', address: `${receiver.url}/${methodId}` });
  const { id: definitionId } = await world.definition(methodId);
  const seats = await Promise.all(
    Array.from({ length: options.engines }, async (_, index) => {
      const seconds = options.profile === 'stops' ? sessionSecondsOfStops : sessionSeconds;
      const changes = {
        ...(await servers.configurationOf(index)),
        ...{ 'zookeeper.session_timeout_seconds': seconds, 'zookeeper.lock': options.lock },
        ...{ 'processors.notification.number': options.senders, 'retry.interval': 2, 'retry.max_attempts': 50 },
        // Receivers that hang are given up soon; those that live may be slow on a busy machine, and a send given up may have arrived.
        'notification_types.webhook.timeout': options.profile === 'deaf' ? 5 : 30,
      };
      return new Seat(index, world, changes, join(options.folder, `engine-${index + 1}.log`));
    }),
  );
  options.say(`starting ${seats.length} engines`);
  for (const seat of seats) seat.start();
  test.after(async () => {
    for (const seat of seats) seat.signal('SIGCONT');
    await Promise.all(seats.map((seat) => seat.close()));
  });
  const watch = new LockWatch(servers.own.zookeeperUrl, world.group, world.topic);
  test.after(() => watch.stop());
  await waitFor(() => watch.holders().length > 0, 'a holder of the lock', { timeoutMs: 60_000 });
  return { seats, servers, watch, world, receiver, methodId, definitionId };
}

/** Faults of servers one after the other; those of processes as they come. */
async function applyAll(
  plan: readonly PlannedStrike[],
  scene: Scene & { readonly strikes: Strike[]; readonly startedAtMs: number },
): Promise<void> {
  const running: Promise<void>[] = [];
  for (const one of plan) {
    await until(scene.startedAtMs + one.atMs);
    const applied = strike(one, scene, scene.strikes);
    if (/kafka|mysql|zookeeper|terminate/.test(one.kind)) await applied;
    else running.push(applied);
  }
  await Promise.all(running);
}

/** Whether all retries that were put off are done with: nothing is received after that. */
async function nothingWaits({ kafka, zookeeper, topics }: World): Promise<boolean> {
  const ends = await kafka.logEnds(topics.retry);
  const committed = await zookeeper.committed(topics.retry);
  return [...ends].every(([partition, end]) => end === 0n || committed.get(partition) === end);
}

interface Settled {
  readonly history: History;
  /** Records of notifications that were retried, parked, superseded or expired. */
  readonly notSimplySent: readonly string[];
}

/** Waits until what waits for a retry has arrived too, or is done with, then reads every ledger. */
async function settled(stage: Stage, producer: Producer, strikes: readonly Strike[]): Promise<Settled> {
  const { world, watch, receiver, methodId } = stage;
  const expectedCount = producer.acked.length;
  const isWhole = async () => {
    if (receiver.count < expectedCount) return await nothingWaits(world);
    const received = new Set((await receiver.receipts()).map(({ serial }) => serial));
    return producer.acked.every(({ serial }) => received.has(serial));
  };
  // What does not come at all is for the checker to tell.
  await waitFor(isWhole, 'every receipt', { timeoutMs: settleMs, everyMs: 1_000 }).catch(() => undefined);
  const topics = ['sent', 'retry', 'dead'] as const;
  const records = (await Promise.all(topics.map((name) => world.kafka.records(world.topics[name])))).flatMap(
    (list, index) => list.map(({ key, headers, value }) => ({ key: key ?? '', of: topics[index], headers, value })),
  );
  const outcomeOf = ({ headers }: (typeof records)[number]) => headers['notification-outcome'] ?? '';
  const idsOf = (isMeant: (record: (typeof records)[number]) => boolean) =>
    new Set(records.filter(isMeant).map(({ key }) => key));
  const letters = records.filter(({ of }) => of === 'dead').map(({ value }) => Buffer.from(value).toString());
  const parkedIds = idsOf((record) => record.of === 'dead' || ['superseded', 'expired'].includes(outcomeOf(record)));
  const history = {
    ...{ topic: world.topic, methodIds: [methodId], acked: producer.acked, receipts: await receiver.receipts() },
    ...{
      parkedIds: new Set([...parkedIds, ...unopenedIds(letters, [methodId])]),
      retriedIds: idsOf(({ of }) => of === 'retry'),
      recordedIds: idsOf(({ of }) => of === 'sent'),
      holdings: watch.holdings,
      commits: watch.commits,
    },
    ...{
      committed: await world.zookeeper.committed(world.topic),
      logEnds: await world.kafka.logEnds(world.topic),
      strikes,
    },
  };
  const special = idsOf((record) => record.of !== 'sent' || outcomeOf(record) !== 'sent');
  const notSimplySent = records.filter(({ key }) => special.has(key)).map(({ value }) => Buffer.from(value).toString());
  return { history, notSimplySent };
}

function tell(
  { say, totalMs, profile }: ChaosOptions,
  { receiver }: Stage,
  seen: { producer: Producer; strikes: readonly Strike[]; startedAtMs: number; samples: ProcessSamples },
): () => void {
  const timer = setInterval(() => {
    seen.samples.take();
    const seconds = Math.round((nowMs() - seen.startedAtMs) / 1_000);
    const last = seen.strikes.at(-1);
    const news = last === undefined ? '' : `, last ${last.kind}: ${last.target}`;
    say(
      `${profile} ${seconds} of ${Math.round(totalMs / 1_000)} s: ${seen.producer.acked.length} acknowledged, ${receiver.count} received, ${seen.strikes.length} faults${news}`,
    );
  }, tellEveryMs);
  return () => clearInterval(timer);
}
