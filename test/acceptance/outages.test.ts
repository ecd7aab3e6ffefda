import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { AlarmLoad } from '../support/alarm-load.js';
import { CountingPort } from '../support/counting-port.js';
import type { EngineProcess } from '../support/engine-process.js';
import { type ServiceName, skipWithoutServices, startPrivateServices } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';
import { type Changes, World } from '../support/world.js';

const outageMs = 15_000;
/** Four engines at a time on a busy machine: two seconds more than the engine allows itself. */
const stopLimitMs = 5_000 + 2_000;
const perSecondCount = 50;
const lookEveryMs = 250;

/** One system that the engine stands on, and what can happen to it. */
interface Outage {
  readonly world: World;
  readonly changes: Changes;
  /** What `/ready` names: a system as a reason not to be ready, a receiver as a note. */
  readonly reason?: string;
  readonly note?: string;
  kill(): Promise<void> | void;
  restart(): Promise<void> | void;
  freeze(): void;
  thaw(): void;
}

async function ofService(test: TestContext, name: Exclude<ServiceName, 'nats'>): Promise<Outage> {
  const own = await startPrivateServices(test, { only: [name] });
  test.after(async () => own.resume(name));
  const addresses = {
    kafka: { kafkaUrl: own.kafkaUrl },
    zookeeper: { zookeeperUrl: own.zookeeperUrl },
    mysql: { mysql: own.mysql },
  };
  return {
    world: await World.create(test, { services: addresses[name] }),
    changes: {},
    reason: name,
    kill: () => own.kill(name),
    restart: () => own.restart(name),
    freeze: () => own.pause(name),
    thaw: () => own.resume(name),
  };
}

async function ofMailRelay(test: TestContext): Promise<Outage> {
  const world = await World.create(test);
  const proxy = await TcpProxy.to(world.mail.port);
  test.after(() => proxy.close());
  return {
    world,
    changes: { 'notification_types.email.port': proxy.port, 'notification_types.email.timeout': 5 },
    note: 'email relay away',
    kill: () => proxy.refuse(),
    restart: () => proxy.resume(),
    freeze: () => proxy.blackhole(),
    thaw: () => proxy.resume(),
  };
}

/** Watches the engine for as long as the outage lasts: alive all the time, and not ready once the silence has been noticed. */
async function sitOut(engine: EngineProcess, { reason, note }: Outage): Promise<void> {
  const startedAtMs = performance.now();
  let lookAtMs = startedAtMs;
  const isOver = async () => {
    if (performance.now() < lookAtMs) return false;
    lookAtMs = performance.now() + lookEveryMs;
    assert.equal((await engine.get('/health')).status, 200);
    if (reason === undefined) assert.equal((await engine.get('/ready')).status, 200);
    for (const { name, length, capacity } of (await engine.status()).queues)
      assert.ok(length <= capacity, `${name} holds ${length} of ${capacity}`);
    return performance.now() > startedAtMs + outageMs;
  };
  await waitFor(isOver, 'the end of the outage', { timeoutMs: 2 * outageMs });
  const { status, text } = await engine.get('/ready');
  assert.equal(status, reason === undefined ? 200 : 503, text);
  assert.ok(text.includes(reason ?? note ?? ''), `after ${outageMs} ms /ready says ${text}`);
  assert.ok(engine.isRunning);
}

async function stopInTime(engine: EngineProcess, what: string): Promise<void> {
  const atMs = performance.now();
  assert.equal(await engine.stop(), 0);
  const tookMs = Math.round(performance.now() - atMs);
  console.log(`${what}: exit ${tookMs} ms after SIGTERM`);
  assert.ok(tookMs <= stopLimitMs, `exit ${tookMs} ms after SIGTERM`);
}

async function survives(test: TestContext, name: string, outage: Outage): Promise<void> {
  const { world, changes } = outage;
  const definition = await world.definition(await world.webhook(), await world.mailbox());
  const engine = await world.startActive(changes);
  const load = new AlarmLoad(world, perSecondCount, definition);
  test.after(() => load.stop());
  const flowing = async () => {
    const count = world.http.requestCount;
    await waitFor(() => world.http.requestCount > count + 50, 'receipts', { timeoutMs: 30_000 });
  };
  await flowing();
  await outage.kill();
  await sitOut(engine, outage);
  await outage.restart();
  const backAtMs = performance.now();
  await waitFor(async () => (await engine.get('/ready')).status === 200, 'ready again', { timeoutMs: 30_000 });
  await flowing();
  console.log(
    `${name} killed for ${outageMs} ms: sending again ${Math.round(performance.now() - backAtMs)} ms after it was back`,
  );
  outage.freeze();
  await sitOut(engine, outage);
  await stopInTime(engine, `${name} frozen`);
  outage.thaw();
  await world.startActive(changes);
  await flowing();
  await load.stop();
  await world.caughtUp();
  const { lost, severalIds, repeatCount, parkedCount, deliveredCount } = await world.verdict();
  const counts = `${repeatCount} repeats, ${parkedCount} waiting for a retry, ${deliveredCount} delivered`;
  console.log(`${name} killed, then frozen: ${counts}; ${load.refusedCount} requests of the producer failed`);
  assert.deepEqual({ lost, severalIds }, { lost: [], severalIds: [] });
}

describe('an engine under load', { skip: skipWithoutServices(), concurrency: true }, () => {
  for (const [name, rows] of [
    ['kafka', '(K1) (K2)'],
    ['zookeeper', '(Z2)'],
    ['mysql', '(M1) (M2)'],
  ] as const) {
    it(`waits while ${name} is away, says so, stops when asked, and loses nothing ${rows}`, async (test) => {
      await survives(test, name, await ofService(test, name));
    });
  }

  it('goes on while the mail relay is away, stops when asked, and loses nothing (S1)', async (test) => {
    await survives(test, 'mail relay', await ofMailRelay(test));
  });
});

describe('an engine that finds nothing when it starts', { skip: skipWithoutServices() }, () => {
  for (const [what, isOpen] of [
    ['nobody listens', false],
    ['nobody answers', true],
  ] as const) {
    it(`lives, is not ready, names all three, and stops when asked: ${what} (K10)`, async (test) => {
      const world = await World.create(test);
      const ports = await Promise.all([1, 2, 3].map(() => CountingPort.open(test)));
      const [kafka, zookeeper, mysql] = ports.map(({ port }) => port);
      if (!isOpen) await Promise.all(ports.map((port) => port.close()));
      const engine = await world.start({
        ...{ 'kafka.url': `127.0.0.1:${kafka}`, 'zookeeper.url': `127.0.0.1:${zookeeper}` },
        ...{ 'mysql.host': '127.0.0.1', 'mysql.port': mysql },
      });
      await engine.becomes('standby');
      assert.equal((await engine.get('/health')).status, 200);
      const { status, text } = await engine.get('/ready');
      assert.equal(status, 503);
      for (const name of ['kafka', 'zookeeper', 'mysql']) assert.match(text, new RegExp(name));
      await stopInTime(engine, what);
    });
  }
});
