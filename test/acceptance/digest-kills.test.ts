import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { DigestLedger, type DigestVerdict } from '../support/digest/digest-ledger.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { DigestTraffic, type PublishDigestMessage } from '../support/digest/digest-traffic.js';
import { digestKafkaConfig, openTestBus } from '../support/digest/digest-world.js';
import { type CleanUp, startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const killCount = Number(process.env.DIGEST_KILLS ?? 8);
const timeout = 3_600_000;
/** A kill repeats at most what was published and not yet cleared: one round of each worker. */
const workerCount = 8;
const kafkaPartitions = 3;

interface KillBench {
  readonly instances: readonly DigestProcess[];
  readonly workerCount: number;
  readonly traffic: DigestTraffic;
  killBroker(): Promise<void>;
}

describe('the digest on NATS', () => {
  it(`loses no alarm over ${killCount} kills of any process, and repeats under one id`, { timeout }, async (t) => {
    const services = await startPrivateServices(t, { only: ['nats'] });
    const ledger = new DigestLedger();
    const nats = await connect({ servers: services.natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    t.after(() => nats.close());
    const js = jetstream(nats, { timeout: 1_000 });
    nats.subscribe('AlarmDigest', {
      callback: (_error, message) => ledger.heard(message.headers?.get('Nats-Msg-Id') ?? 'none', message.string()),
    });
    const publish: PublishDigestMessage = async (kind, _userId, body) => {
      const subject = kind === 'status' ? 'AlarmStatusChanged' : 'SendAlarmDigest';
      const isStored = () =>
        js.publish(subject, JSON.stringify(body)).then(
          () => true,
          () => false,
        );
      await waitFor(isStored, 'the message to be stored', { timeoutMs: 60_000 });
    };
    const killBroker = async () => {
      await services.kill('nats');
      await services.restart('nats');
    };
    const instances = startTwo(t, ['--nats', services.natsUrl]);
    const verdict = await kill(t, { instances, workerCount, traffic: new DigestTraffic(ledger, publish), killBroker });
    assert.ok(verdict.repeated <= killCount * workerCount, `${verdict.repeated} repeats`);
  });
});

describe('the digest on Kafka', () => {
  for (const lock of ['topic', 'partition']) {
    it(`loses no alarm over ${killCount} kills of any process, lock ${lock}, and repeats nothing`, {
      timeout,
    }, async (t) => {
      const services = await startPrivateServices(t, { only: ['kafka', 'zookeeper'] });
      const words = ['--engine-config', await digestKafkaConfig(t, kafkaPartitions, services)];
      const ledger = new DigestLedger();
      const instances = startTwo(t, [...words, '--lock', lock]);
      await untilAllOwned(instances, kafkaPartitions);
      // At this start the coordinator of the group is born, which is to be waited for and nothing to warn of.
      for (const { log } of instances) assert.doesNotMatch(log, /COORDINATOR_/);
      const bus = await openTestBus(words, t);
      await bus.listen((text) => ledger.heard(text, text));
      const publish: PublishDigestMessage = async (kind, userId, body) => {
        bus.publish(kind, userId, JSON.stringify(body));
        await bus.flush();
      };
      const killBroker = async () => {
        await services.kill('kafka');
        await services.restart('kafka');
      };
      const traffic = new DigestTraffic(ledger, publish);
      const verdict = await kill(t, { instances, workerCount: kafkaPartitions, traffic, killBroker });
      assert.equal(verdict.repeated, 0);
    });
  }
});

function startTwo(t: CleanUp, words: readonly string[]): readonly DigestProcess[] {
  const instances = [new DigestProcess(words), new DigestProcess(words)];
  t.after(async () => void (await Promise.all(instances.map((one) => one.end('SIGKILL')))));
  for (const one of instances) one.start();
  return instances;
}

/** Kills one process at a random moment, every fourth time the broker, else mostly the active one; gives how long a take-over took, if there was one. */
async function killOne(bench: KillBench, round: number): Promise<number | undefined> {
  const { instances, workerCount, killBroker } = bench;
  const until = performance.now() + randomInt(1_500);
  await waitFor(() => performance.now() >= until, 'the moment of the kill');
  if (round % 4 === 3) {
    await killBroker();
    return undefined;
  }
  const active = randomInt(10) < 7 ? instances.find(({ ownedWorkers }) => ownedWorkers.size > 0) : undefined;
  const victim = active ?? instances[round % 2];
  const isTakeOver = victim !== undefined && victim.ownedWorkers.size > 0 && ownedCount(instances) === workerCount;
  await victim?.end('SIGKILL');
  const killedAt = performance.now();
  victim?.start();
  if (!isTakeOver) return undefined;
  await untilAllOwned(instances, workerCount);
  return performance.now() - killedAt;
}

/** Workers that somebody owns, by the words of the instances. */
function ownedCount(instances: readonly DigestProcess[]): number {
  return new Set(instances.flatMap(({ ownedWorkers }) => [...ownedWorkers])).size;
}

async function untilAllOwned(instances: readonly DigestProcess[], workerCount: number): Promise<void> {
  const evidence = () => instances.map(({ log }, index) => `instance ${index} said:\n${log}`).join('\n');
  await waitFor(() => ownedCount(instances) === workerCount, 'owners of all', { timeoutMs: 60_000, evidence });
}

async function kill(t: TestContext, bench: KillBench): Promise<DigestVerdict> {
  const { instances, workerCount, traffic } = bench;
  await untilAllOwned(instances, workerCount);
  const stop = new AbortController();
  const driving = traffic.drive(stop.signal);
  const takeOvers: number[] = [];
  for (let round = 0; round < killCount; round += 1) {
    const tookMs = await killOne(bench, round);
    if (tookMs !== undefined) takeOvers.push(tookMs);
  }
  stop.abort();
  await driving;
  await untilAllOwned(instances, workerCount);
  const verdict = await traffic.verdict();
  const slowest = Math.round(Math.max(0, ...takeOvers));
  t.diagnostic(
    `${killCount} kills, ${verdict.digests} digests, ${verdict.repeated} repeated under one id, none missing; ` +
      `${takeOvers.length} take-overs, slowest ${slowest} ms`,
  );
  assert.ok(slowest <= 15_000, `a take-over took ${slowest} ms`);
  return verdict;
}
