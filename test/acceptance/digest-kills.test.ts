import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { DigestLedger } from '../support/digest/digest-ledger.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const killCount = Number(process.env.DIGEST_KILLS ?? 12);
/** Below what the digest manages between two kills: what is left over has to be worked off in the end. */
const perMsCount = 0.1;
const userCount = 12;
const statuses = ['CRITICAL', 'WARNING', 'CLEARED'] as const;

describe('the digest on NATS', () => {
  it(`loses no alarm over ${killCount} kills of any process, and repeats under one id`, {
    timeout: 3_600_000,
  }, async (t) => {
    const services = await startPrivateServices(t, { only: ['nats'] });
    const instances = [0, 1].map(() => new DigestProcess(['--nats', services.natsUrl]));
    for (const instance of instances) instance.start();
    t.after(async () => {
      await Promise.all(instances.map((instance) => instance.end('SIGKILL')));
    });
    const nats = await connect({ servers: services.natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    t.after(() => nats.close());
    await waitFor(() => instances.some((one) => one.isActive), 'an active instance', { timeoutMs: 30_000 });
    const ledger = new DigestLedger();
    nats.subscribe('AlarmDigest', {
      callback: (_error, message) => ledger.heard(message.headers?.get('Nats-Msg-Id') ?? 'none', message.string()),
    });
    await nats.flush();
    const js = jetstream(nats, { timeout: 1_000 });
    const publish = async (subject: string, body: object) => {
      for (;;) {
        const isStored = await js.publish(subject, JSON.stringify(body)).then(
          () => true,
          () => false,
        );
        if (isStored) return;
      }
    };
    const stopTraffic = new AbortController();
    let n = 0;
    const startedAt = performance.now();
    const traffic = async () => {
      while (!stopTraffic.signal.aborted) {
        await waitFor(() => n < (performance.now() - startedAt) * perMsCount, 'its turn');
        n += 1;
        const userId = `user-${randomInt(userCount)}`;
        const change = {
          ...{ userId, alarmId: `alarm-${randomInt(20)}`, status: statuses[randomInt(3)] ?? 'CRITICAL' },
          changedAt: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
        };
        ledger.published(change);
        const { alarmId: AlarmID, status: Status, changedAt: ChangedAt } = change;
        await publish('AlarmStatusChanged', { AlarmID, UserID: userId, Status, ChangedAt });
        if (n % 5 === 0) await publish('SendAlarmDigest', { UserID: `user-${randomInt(userCount)}` });
      }
    };
    const running = traffic();
    const takeOvers: number[] = [];
    for (let kill = 0; kill < killCount; kill += 1) {
      const active = instances.find((one) => one.isActive);
      const target = randomInt(10);
      const until = performance.now() + randomInt(1_500);
      await waitFor(() => performance.now() >= until, 'the moment of the kill');
      if (target === 0) {
        await services.kill('nats');
        await services.restart('nats');
      } else {
        const victim = target < 7 ? (active ?? instances[kill % 2]) : instances[kill % 2];
        const other = instances.find((one) => one !== victim);
        const wasActive = victim?.isActive === true && other?.isActive !== true;
        await victim?.end('SIGKILL');
        const killedAt = performance.now();
        victim?.start();
        if (wasActive) {
          await waitFor(() => instances.some((one) => one.isActive), 'a take-over', { timeoutMs: 30_000 });
          takeOvers.push(performance.now() - killedAt);
        }
      }
    }
    stopTraffic.abort();
    await running;
    await waitFor(() => instances.some((one) => one.isActive), 'an active instance', { timeoutMs: 30_000 });
    const askAll = async () => {
      for (let user = 0; user < userCount; user += 1) await publish('SendAlarmDigest', { UserID: `user-${user}` });
    };
    await askAll();
    await waitFor(
      async () => {
        if (ledger.verdict().missing.length > 0) await askAll();
        return ledger.verdict().missing.length === 0;
      },
      'every active alarm in a digest',
      { timeoutMs: 60_000 },
    ).catch(() => undefined);
    const verdict = ledger.verdict();
    const slowest = Math.max(0, ...takeOvers);
    t.diagnostic(
      `${killCount} kills, ${n} changes, ${verdict.digests} digests, ${verdict.repeated} repeated under one id, ` +
        `${verdict.toldTwice.length} told twice under two, ${verdict.missing.length} missing; ` +
        `${takeOvers.length} take-overs, slowest ${Math.round(slowest)} ms`,
    );
    assert.deepEqual(verdict.missing, []);
    assert.deepEqual(verdict.invented, []);
    assert.deepEqual(verdict.toldTwice, []);
    assert.ok(verdict.repeated <= killCount, `${verdict.repeated} repeats`);
    assert.ok(slowest <= 15_000, `take-over took ${slowest} ms`);
  });
});
