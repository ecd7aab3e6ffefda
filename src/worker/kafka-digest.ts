import { hostname } from 'node:os';
import { Brokers } from '../adapters/kafka/brokers.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import type { DigestTopics, KafkaMessage } from '../adapters/kafka/digest-home.js';
import { KafkaDigestTerm } from '../adapters/kafka/digest-term.js';
import { prepareDigestTopics } from '../adapters/kafka/digest-topics.js';
import { Metadata } from '../adapters/kafka/metadata.js';
import { ZookeeperLeaderLock } from '../adapters/zookeeper/leader-lock.js';
import type { ZookeeperOptions } from '../adapters/zookeeper/session.js';
import { SessionKeeper } from '../adapters/zookeeper/session-keeper.js';
import type { DigestRules, DigestWorkerDeps } from '../digest/digest-worker.js';
import { WorkerSet } from '../digest/worker-set.js';
import { ConfigurationError, EngineError, messageOf } from '../domain/errors.js';
import type { HeldLock, Lease } from '../ports/ownership.js';

const requestLimitMs = 15_000;
const againMs = 500;
const answerAgeLimitMs = 10_000;

/** Where a digest on Kafka works, whoever runs it. */
export interface KafkaDigestOptions {
  readonly connection: KafkaConnection;
  readonly zookeeper: ZookeeperOptions;
  readonly topics: DigestTopics;
  /** Of the positions in the input topics; its transactions are named after it. */
  readonly group: string;
  readonly mayCreateTopics: boolean;
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
 * Runs the digest on Kafka until `stop` aborts: ownership by the lock in ZooKeeper, each round in a transaction.
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
  const term = (lock: HeldLock, lease: Lease) => {
    const ended = AbortSignal.any([lease.ended, lock.lost]);
    const demand = () => {
      if (!ended.aborted && deps.clock.monoMs() < lease.endsAtMonoMs()) return;
      throw new EngineError('FENCED', 'the lease of the digest is over', { retriable: false });
    };
    const partitions = Array.from({ length: counts.partitions }, (_, index) => index);
    return new KafkaDigestTerm(workers, { ...options, ...counts, partitions, demand }, { ...deps, onAnswered }).run(
      stop,
      ended,
    );
  };
  try {
    await lead(keeper, options.topics.status, deps, stop, term);
  } finally {
    workers.close();
    await keeper.close();
  }
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
    if (error instanceof EngineError && error.code === 'ABORTED') return undefined;
    throw error;
  } finally {
    brokers.close();
  }
}

/** Waits for the lock, works while lock and lease last, and waits again. */
async function lead(
  keeper: SessionKeeper,
  topic: string,
  { clock, random, telemetry }: DigestWorkerDeps,
  stop: AbortSignal,
  term: (lock: HeldLock, lease: Lease) => Promise<void>,
): Promise<void> {
  const startedAt = new Date(clock.nowMs()).toISOString();
  const instance = `${hostname()}-${process.pid}-${startedAt}`;
  const leaderLock = new ZookeeperLeaderLock(keeper, { host: hostname(), pid: process.pid, instance, startedAt });
  while (!stop.aborted) {
    let lock: HeldLock | undefined;
    try {
      const { lease } = await keeper.current(stop);
      lock = await leaderLock.acquire(topic, AbortSignal.any([stop, lease.ended]));
      await term(lock, lease);
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
