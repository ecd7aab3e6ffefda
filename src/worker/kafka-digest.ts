import { hostname } from 'node:os';
import { Brokers } from '../adapters/kafka/brokers.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import type { DigestTopics, KafkaMessage } from '../adapters/kafka/digest-home.js';
import { KafkaDigestTerm } from '../adapters/kafka/digest-term.js';
import { prepareDigestTopics } from '../adapters/kafka/digest-topics.js';
import { Metadata } from '../adapters/kafka/metadata.js';
import { ZookeeperLeaderLock } from '../adapters/zookeeper/leader-lock.js';
import { ZookeeperPartitionLocks } from '../adapters/zookeeper/partition-locks.js';
import type { ZookeeperOptions } from '../adapters/zookeeper/session.js';
import { SessionKeeper } from '../adapters/zookeeper/session-keeper.js';
import type { DigestRules } from '../digest/digest-rules.js';
import type { DigestWorkerDeps } from '../digest/digest-worker.js';
import { WorkerSet } from '../digest/worker-set.js';
import { ConfigurationError, isGivenUp, messageOf } from '../domain/errors.js';
import { ShareKeeper } from '../ownership/share-keeper.js';
import type { HeldLock } from '../ports/ownership.js';
import { DigestShares, demandOf } from './digest-shares.js';

const requestLimitMs = 15_000;
const againMs = 500;
const answerAgeLimitMs = 10_000;
/** What is not drained then stays uncommitted, and is read again by the next owner. */
const leaveLimitMs = 30_000;

/** Where a digest on Kafka works, whoever runs it. */
export interface KafkaDigestOptions {
  readonly connection: KafkaConnection;
  readonly zookeeper: ZookeeperOptions;
  readonly topics: DigestTopics;
  /** Of the positions in the input topics; its transactions are named after it. */
  readonly group: string;
  /** Digests of methods are public messages, too. */
  readonly publishesAll: boolean;
  readonly mayCreateTopics: boolean;
  /** topic: one instance works and the others stand by; partition: instances share. */
  readonly lock: 'topic' | 'partition';
  /** Partitions of topics that are created while none of the four exists. */
  readonly partitionCount: number;
  readonly instance: string;
}

/** What a running digest tells of itself. */
export interface KafkaDigestState {
  isConnected: () => boolean;
  ownedCount: () => number;
}

export interface KafkaDigestDeps extends DigestWorkerDeps {
  onAnswered?(): void;
}

/**
 * Runs the digest on Kafka until `stop` aborts: ownership by locks in ZooKeeper, each round in a transaction.
 *
 * @throws CONFIG_INVALID when its topics do not fit; RIGHT_MISSING.
 */
export async function runKafkaDigest(
  options: KafkaDigestOptions,
  rules: DigestRules,
  deps: KafkaDigestDeps,
  state: KafkaDigestState,
  stop: AbortSignal,
): Promise<void> {
  let answeredAtMonoMs = 0;
  const onAnswered = () => {
    answeredAtMonoMs = deps.clock.monoMs();
    deps.onAnswered?.();
  };
  const counts = await preparedTopics(options, rules, deps, stop);
  if (counts === undefined) return;
  const workers = new WorkerSet<KafkaMessage>(counts.partitions, rules, deps, { deliversMethods: true });
  const keeper = new SessionKeeper(options.zookeeper, deps);
  keeper.start();
  state.ownedCount = () => workers.ownedCount;
  state.isConnected = () => {
    const nowMonoMs = deps.clock.monoMs();
    const isKafkaThere = workers.ownedCount === 0 || nowMonoMs - answeredAtMonoMs < answerAgeLimitMs;
    return isKafkaThere && nowMonoMs - (keeper.answeredAtMonoMs ?? 0) < answerAgeLimitMs;
  };
  const work: Work = (partitions, demand, stopTerm, ended) => {
    const place = { ...options, ...counts, partitions, demand };
    return new KafkaDigestTerm(workers, place, { ...deps, onAnswered }).run(stopTerm, ended);
  };
  const own = options.lock === 'topic' ? lead : share;
  const partitions = Array.from({ length: counts.partitions }, (_, index) => index);
  try {
    await own({ keeper, topic: options.topics.status, partitions, work, deps, stop });
  } finally {
    workers.close();
    await keeper.close();
  }
}

/** One term on some partitions: until `stop` in good order, or until `ended` at once. */
type Work = (partitions: readonly number[], demand: () => void, stop: AbortSignal, ended: AbortSignal) => Promise<void>;

interface Owning {
  readonly keeper: SessionKeeper;
  readonly topic: string;
  readonly partitions: readonly number[];
  readonly work: Work;
  readonly deps: DigestWorkerDeps;
  readonly stop: AbortSignal;
}

/** Undefined when `stop` came first. */
async function preparedTopics(
  { connection, topics, partitionCount, mayCreateTopics: mayCreate }: KafkaDigestOptions,
  { tombstoneDays }: DigestRules,
  deps: DigestWorkerDeps,
  stop: AbortSignal,
) {
  const brokers = new Brokers(connection, requestLimitMs, deps);
  const wanted = { topics, partitionCount, mayCreate, tombstoneDays };
  try {
    return await prepareDigestTopics({ brokers, metadata: new Metadata(brokers), deps }, wanted, stop);
  } catch (error) {
    if (isGivenUp(error)) return undefined;
    throw error;
  } finally {
    brokers.close();
  }
}

function identityOf({ clock }: DigestWorkerDeps) {
  const startedAt = new Date(clock.nowMs()).toISOString();
  const host = hostname();
  return { host, pid: process.pid, instance: `${host}-${process.pid}-${startedAt}`, startedAt };
}

/** `--lock topic`: waits for the lock, works on all partitions while lock and lease last, and waits again. */
async function lead({ keeper, topic, partitions, work, deps, stop }: Owning): Promise<void> {
  const { clock, random, telemetry } = deps;
  const leaderLock = new ZookeeperLeaderLock(keeper, identityOf(deps));
  while (!stop.aborted) {
    let lock: HeldLock | undefined;
    try {
      const { lease } = await keeper.current(stop);
      lock = await leaderLock.acquire(topic, AbortSignal.any([stop, lease.ended]));
      const ended = AbortSignal.any([lease.ended, lock.lost]);
      await work(partitions, demandOf(lease, ended, clock), stop, ended);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      if (!stop.aborted) {
        telemetry.event('digest_gave_up', { error: messageOf(error) });
        await clock.sleep(againMs * (0.5 + random()), stop);
      }
    } finally {
      await lock?.release().catch(() => undefined);
    }
  }
}

/** `--lock partition`: instances share the partitions as engines do, each worked on under a lock and a transactional id of its own. */
async function share({ keeper, topic, partitions, work, deps, stop }: Owning): Promise<void> {
  const failing = new AbortController();
  let failure: ConfigurationError | undefined;
  const shares = new DigestShares({
    ...deps,
    runTerm: ({ partition, demand, stop: stopTerm, ended }) => work([partition], demand, stopTerm, ended),
    failed(error) {
      failure ??= error;
      failing.abort();
    },
  });
  const identity = identityOf(deps);
  const shareKeeper = new ShareKeeper({
    ...deps,
    instance: identity.instance,
    topics: [topic],
    locks: new ZookeeperPartitionLocks(keeper, identity, topic),
    work: shares,
    session: (signal) => keeper.current(signal),
    partitions: () => partitions.map((partition) => ({ topic, partition })),
    begin: (lease) => shares.begin(lease),
    end: (reason) => shares.end(reason),
  });
  try {
    await shareKeeper.run(AbortSignal.any([stop, failing.signal]));
    const limit = deps.clock.limit(leaveLimitMs);
    await shareKeeper.leave(limit.signal);
    limit.clear();
  } finally {
    await shareKeeper.release();
    await shares.close();
  }
  if (failure !== undefined) throw failure;
}
