import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { DigestLedger, type DigestVerdict } from '../support/digest/digest-ledger.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { digestKafkaConfig, openTestBus } from '../support/digest/digest-world.js';
import { type CleanUp, startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const killCount = Number(process.env.DIGEST_KILLS ?? 12);
/** Below what the digest manages between two kills: what is left over has to be worked off in the end. */
const perMsCount = 0.02;
const timeout = 3_600_000;
/** A kill repeats at most what was published and not yet cleared: one round of each worker. */
const workerCount = 8;
const userCount = 12;
const statuses = ['CRITICAL', 'WARNING', 'CLEARED'] as const;

interface KillBench {
  readonly instances: readonly DigestProcess[];
  readonly ledger: DigestLedger;
  /** Resolves when the broker has it. */
  publish(kind: 'status' | 'command', userId: string, body: object): Promise<void>;
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
    const publish: KillBench['publish'] = async (kind, _userId, body) => {
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
    const verdict = await kill(t, { instances, ledger, publish, killBroker });
    assert.ok(verdict.repeated <= killCount * workerCount, `${verdict.repeated} repeats`);
  });
});

describe('the digest on Kafka', () => {
  it(`loses no alarm over ${killCount} kills of any process, and repeats nothing`, { timeout }, async (t) => {
    const services = await startPrivateServices(t, { only: ['kafka', 'zookeeper'] });
    const words = ['--engine-config', await digestKafkaConfig(t, 3, services)];
    const ledger = new DigestLedger();
    const instances = startTwo(t, words);
    await waitFor(() => instances.some((one) => one.isActive), 'an active instance', { timeoutMs: 60_000 });
    const bus = await openTestBus(words, t);
    await bus.listen((text) => ledger.heard(text, text));
    const publish: KillBench['publish'] = async (kind, userId, body) => {
      bus.publish(kind, userId, JSON.stringify(body));
      await bus.flush();
    };
    const killBroker = async () => {
      await services.kill('kafka');
      await services.restart('kafka');
    };
    const verdict = await kill(t, { instances, ledger, publish, killBroker });
    assert.equal(verdict.repeated, 0);
  });
});

function startTwo(t: CleanUp, words: readonly string[]): readonly DigestProcess[] {
  const instances = [new DigestProcess(words), new DigestProcess(words)];
  t.after(async () => void (await Promise.all(instances.map((one) => one.end('SIGKILL')))));
  for (const one of instances) one.start();
  return instances;
}

/** Publishes without end, each alarm's changes in the order of their times, until `stop`. */
async function drive({ ledger, publish }: KillBench, stop: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  for (let n = 1; !stop.aborted; n += 1) {
    await waitFor(() => n < (performance.now() - startedAt) * perMsCount, 'its turn');
    const userId = `user-${randomInt(userCount)}`;
    const change = {
      ...{ userId, alarmId: `alarm-${randomInt(20)}`, status: statuses[randomInt(3)] ?? 'CRITICAL' },
      changedAt: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
    };
    ledger.published(change);
    const { alarmId: AlarmID, status: Status, changedAt: ChangedAt } = change;
    await publish('status', userId, { AlarmID, UserID: userId, Status, ChangedAt });
    const asked = `user-${randomInt(userCount)}`;
    if (n % 5 === 0) await publish('command', asked, { UserID: asked });
  }
}

/** Kills one process at a random moment, every fourth time the broker, else mostly the active one; gives how long a take-over took, if there was one. */
async function killOne({ instances, killBroker }: KillBench, round: number): Promise<number | undefined> {
  const until = performance.now() + randomInt(1_500);
  await waitFor(() => performance.now() >= until, 'the moment of the kill');
  if (round % 4 === 3) {
    await killBroker();
    return undefined;
  }
  const active = randomInt(10) < 7 ? instances.find((one) => one.isActive) : undefined;
  const victim = active ?? instances[round % 2];
  const isTakeOver = victim?.isActive === true && instances.filter((one) => one.isActive).length === 1;
  await victim?.end('SIGKILL');
  const killedAt = performance.now();
  victim?.start();
  if (!isTakeOver) return undefined;
  await waitFor(() => instances.some((one) => one.isActive), 'a take-over', { timeoutMs: 60_000 });
  return performance.now() - killedAt;
}

async function kill(t: TestContext, bench: KillBench): Promise<DigestVerdict> {
  const { instances, ledger, publish } = bench;
  const isActive = () => instances.some((one) => one.isActive);
  await waitFor(isActive, 'an active instance', { timeoutMs: 60_000 });
  const stop = new AbortController();
  const traffic = drive(bench, stop.signal);
  const takeOvers: number[] = [];
  for (let round = 0; round < killCount; round += 1) {
    const tookMs = await killOne(bench, round);
    if (tookMs !== undefined) takeOvers.push(tookMs);
  }
  stop.abort();
  await traffic;
  await waitFor(isActive, 'an active instance', { timeoutMs: 60_000 });
  const askAll = async () => {
    for (let user = 0; user < userCount; user += 1)
      await publish('command', `user-${user}`, { UserID: `user-${user}` });
  };
  const isComplete = async () => {
    await askAll();
    return ledger.verdict().missing.length === 0;
  };
  await waitFor(isComplete, 'every active alarm in a digest', { timeoutMs: 300_000 }).catch(() => undefined);
  const verdict = ledger.verdict();
  const slowest = Math.round(Math.max(0, ...takeOvers));
  t.diagnostic(
    `${killCount} kills, ${verdict.digests} digests, ${verdict.repeated} repeated under one id, ${verdict.toldTwice.length} told ` +
      `twice under two, ${verdict.missing.length} missing; ${takeOvers.length} take-overs, slowest ${slowest} ms`,
  );
  assert.deepEqual(verdict.missing, []);
  assert.deepEqual(verdict.invented, []);
  assert.deepEqual(verdict.toldTwice, []);
  assert.ok(slowest <= 15_000, `a take-over took ${slowest} ms`);
  return verdict;
}
