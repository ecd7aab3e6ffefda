import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { ChaosServers } from '../chaos/servers.js';
import type { EngineProcess } from '../support/engine-process.js';
import { freePort } from '../support/free-port.js';
import { metricOf } from '../support/metric-of.js';
import { skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

async function receivedAll(world: World, count: number): Promise<void> {
  const told = () => new Set(world.receipts().map(({ alarmId }) => alarmId)).size;
  await waitFor(() => told() === count, `${count} alarms told`, { timeoutMs: 90_000 });
}

function inHand(engine: EngineProcess, stage: string): Promise<number> {
  const sum = (workers: readonly { stage: string; in_flight: number }[]) =>
    workers.filter((worker) => worker.stage === stage).reduce((all, { in_flight }) => all + in_flight, 0);
  return engine.status().then(({ workers }) => sum(workers));
}

describe('an engine', { skip: skipWithoutServices() }, () => {
  it('that may open few files tells everybody, later, and none of its processes ends (N3)', async (test) => {
    const world = await World.create(test);
    world.http.answer('*', { delayMs: 500 });
    const definition = await world.definition(await world.webhook());
    const changes = { 'http.concurrency_per_destination': 1_000, 'retry.interval': 1 };
    const engine = await world.start(changes, {}, 'ulimit -n 140; exec "$@"');
    await engine.becomes('active');
    await world.send(600, definition);
    await world.caughtUp();
    await receivedAll(world, 600);
    assert.ok((await world.records('retry')).length > 0, 'the limit was never reached');
    assert.deepEqual(engine.named('worker_died'), []);
    assert.equal(await engine.stop(), 0);
  });

  it('behind a network that loses packets is slower, and that is all (K3) (N1)', async (test) => {
    const servers = await ChaosServers.start(test);
    const world = await World.create(test, { services: servers.own });
    const definition = await world.definition(await world.webhook(), await world.mailbox());
    const engine = await world.startActive(await servers.configurationOf(0));
    // What the kernel makes of a lost packet: it comes 0.2 s later or more, and what is behind it waits.
    const lateMs = () => (Math.random() < 0.3 ? 200 + Math.random() * 200 : 0);
    for (const way of Object.values(await servers.waysOf(0))) way.delay(lateMs);
    await world.send(400, definition);
    await world.caughtUp();
    const { lost, repeatCount } = await world.verdict();
    assert.deepEqual({ lost, repeatCount }, { lost: [], repeatCount: 0 });
    assert.deepEqual([engine.named('term_ended'), engine.named('worker_died')], [[], []]);
    assert.equal(await engine.stop(), 0);
  });

  it('whose log has no room on the disk tells everybody, counts the lines, and is ready (L1)', async (test) => {
    const world = await World.create(test);
    const definition = await world.definition(await world.webhook());
    const port = await freePort();
    const engine = await world.start({ 'admin.port': port, 'log.level': 'debug' }, {}, 'exec "$@" 2>/dev/full');
    const get = async (path: string) =>
      await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
    await world.send(200, definition);
    await receivedAll(world, 200);
    await world.caughtUp();
    assert.equal((await get('/ready')).status, 200);
    const dropped = async () => metricOf(await (await get('/metrics')).text(), 'log_lines_dropped_total') ?? 0;
    await waitFor(async () => (await dropped()) > 200, 'the count of lost lines');
    assert.equal(await engine.stop(), 0);
    assert.equal(engine.stderr, '');
  });

  it('whose configuration file changes goes on with what it read at its start, also at SIGHUP (C2) (P13)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    const definition = await world.definition(await world.webhook());
    const engine = await world.startActive();
    await writeFile(await world.configure({}, 'engine-0'), 'kafka: [');
    engine.signal('SIGHUP');
    await world.send(3, definition);
    await world.caughtUp();
    assert.equal(world.http.requestCount, 3);
    assert.equal((await engine.get('/ready')).status, 200);
    assert.deepEqual([engine.named('engine_stopping'), engine.named('engine_failed')], [[], []]);
    assert.equal(await engine.stop(), 0);
  });

  it('that runs as root says so, and works (R1)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    const engine = await world.startActive();
    assert.equal(engine.named('started_as_root').length, process.getuid?.() === 0 ? 1 : 0);
    assert.equal(await engine.stop(), 0);
  });

  it('tells two messages of the same words twice, under two ids (K9)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    const [sent] = await world.send(1, await world.definition(await world.webhook()));
    const [first] = await world.kafka.records(world.topic);
    await world.kafka.produce(world.topic, [{ partition: 0, value: Buffer.from(first?.value ?? []) }]);
    const engine = await world.startActive();
    await world.caughtUp();
    const receipts = world.receipts();
    assert.deepEqual(
      receipts.map(({ alarmId }) => alarmId),
      [sent?.alarmId, sent?.alarmId],
    );
    assert.equal(new Set(receipts.map(({ id }) => id)).size, 2);
    assert.equal(await engine.stop(), 0);
  });

  it('tells a method as it was when it was looked up, though its row changes before the send (M5)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    const changes = { 'http.concurrency_per_destination': 1, 'processors.notification.number': 1 };
    const engine = await world.startActive(changes);
    const slow = await world.webhook();
    world.http.answer(`/${slow}`, { delayMs: 4_000 }, {});
    const changed = await world.webhook();
    await world.send(1, await world.definition(slow));
    await waitFor(() => world.http.requestCount === 1, 'a send that takes its time');
    await world.send(1, await world.definition(changed));
    await waitFor(async () => (await inHand(engine, 'notification_processor')) === 2, 'one that waits behind it');
    assert.equal(world.http.requestCount, 1);
    await world.database.run(
      `UPDATE notification_method SET address = '${world.http.url}/later' WHERE id = '${changed}'`,
    );
    await world.caughtUp();
    assert.deepEqual(
      world.http.requests.map(({ path }) => path),
      [`/${slow}`, `/${changed}`],
    );
    assert.equal(await engine.stop(), 0);
  });
});
