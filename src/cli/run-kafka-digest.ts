import { hostname } from 'node:os';
import { Brokers } from '../adapters/kafka/brokers.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import type { DigestTopics, KafkaMessage } from '../adapters/kafka/digest-home.js';
import { KafkaDigestTerm } from '../adapters/kafka/digest-term.js';
import { prepareDigestTopics } from '../adapters/kafka/digest-topics.js';
import { Metadata } from '../adapters/kafka/metadata.js';
import { ZookeeperLeaderLock } from '../adapters/zookeeper/leader-lock.js';
import { SessionKeeper } from '../adapters/zookeeper/session-keeper.js';
import type { DigestView } from '../config/load-digest.js';
import type { DigestWorkerDeps } from '../digest/digest-worker.js';
import { WorkerSet } from '../digest/worker-set.js';
import { ConfigurationError, EngineError, messageOf } from '../domain/errors.js';
import { kafkaConnection } from '../engine/crews.js';
import type { HeldLock, Lease } from '../ports/ownership.js';
import type { DigestSettings } from './digest-settings.js';
import type { DigestState } from './digest-view.js';

const requestLimitMs = 15_000;
const againMs = 500;
const answerAgeLimitMs = 10_000;

/** Runs the digest on Kafka until `stop` aborts: ownership by the lock in ZooKeeper, each round in a transaction. */
export async function runKafkaDigest(
  settings: DigestSettings,
  deps: DigestWorkerDeps,
  state: DigestState,
  stop: AbortSignal,
): Promise<void> {
  const { config } = settings;
  const connection = kafkaConnection(config, 'mon-notification-digest');
  let answeredAtMonoMs = 0;
  const onAnswered = () => {
    answeredAtMonoMs = deps.clock.monoMs();
  };
  const counts = await preparedTopics(settings, connection, deps, stop);
  if (counts === undefined) return;
  const workers = new WorkerSet<KafkaMessage>(counts.partitions, settings.rules, deps);
  const keeper = new SessionKeeper({ ...config.zookeeper, group: config.kafka.group }, deps);
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
    const options = {
      ...{ connection, topics: topicsOf(config), group: groupOf(config), partitions, demand },
      ...{ deadLetterPartitions: counts.deadLetterPartitions, retryPartitions: counts.retryPartitions },
      instance: settings.instance,
    };
    return new KafkaDigestTerm(workers, options, { ...deps, onAnswered }).run(stop, ended);
  };
  try {
    await lead(keeper, topicsOf(config).status, deps, stop, term);
  } finally {
    workers.close();
    await keeper.close();
  }
}

function groupOf({ kafka }: DigestView): string {
  return `${kafka.group}-digest`;
}

function topicsOf({ digest, kafka }: DigestView): DigestTopics {
  return { ...digest.topics, deadLetter: kafka.deadLetterTopic, retry: kafka.notificationRetryTopic };
}

/** Undefined when `stop` came first. */
async function preparedTopics(
  { config, workerCount, rules }: DigestSettings,
  connection: KafkaConnection,
  deps: DigestWorkerDeps,
  stop: AbortSignal,
) {
  const brokers = new Brokers(connection, requestLimitMs, deps);
  const wanted = {
    ...{ topics: topicsOf(config), partitionCount: workerCount, mayCreate: config.kafka.createTopics },
    tombstoneDays: rules.tombstoneDays,
  };
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
