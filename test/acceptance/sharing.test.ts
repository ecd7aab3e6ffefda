import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { AlarmLoad } from '../support/alarm-load.js';
import type { EngineProcess } from '../support/engine-process.js';
import { runProgram } from '../support/program.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Definition, World } from '../support/world.js';

const sessionMs = 6_000;
/** What the documentation promises beyond the session time-out. */
const marginMs = 2_000;
const slowly = { timeoutMs: 60_000 };

/** How many partitions of a topic each engine reads, as it says itself. */
async function countsOf(topic: string, engines: readonly EngineProcess[]): Promise<readonly number[]> {
  const all = await Promise.all(engines.map((engine) => engine.status()));
  return all.map(({ partitions }) => partitions.filter((one) => one.topic === topic).length);
}

async function share(world: World, engines: readonly EngineProcess[], ...wanted: readonly number[]): Promise<void> {
  let seen: readonly number[] = [];
  const isThere = async () => {
    seen = await countsOf(world.topic, engines);
    return [...seen].sort().join() === [...wanted].sort().join();
  };
  await waitFor(isThere, `parts of ${wanted.join('/')}`, slowly).catch((error) => {
    throw new Error(`${error.message}: ${seen.join('/')}\n${world.lastLines()}`);
  });
}

/** What excuses repeats on a host that is too busy: lost leases, drains cut short, workers that were silent for too long. */
const excuses = (world: World) =>
  ['term_ended', 'stop_forced', 'worker_killed', 'worker_died']
    .flatMap((event) =>
      world.engines.flatMap((engine) => engine.named(event).map(({ reason }) => `${event} ${reason}`)),
    )
    .join() || 'none';

const startSharing = (world: World, changes: Readonly<Record<string, unknown>> = {}) =>
  world.start({
    'zookeeper.lock': 'partition',
    'zookeeper.session_timeout_seconds': sessionMs / 1000,
    // A drain that is cut short repeats; here the host may be so busy that it takes long.
    'shutdown.deadline_seconds': 80,
    ...changes,
  });

describe('three engines that share twelve partitions', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let load: AlarmLoad;
  let definition: Definition;
  let engines: EngineProcess[] = [];

  const flow = async () => {
    const count = world.mail.mails.length;
    await waitFor(() => world.mail.mails.length > count + 50, 'mails', slowly);
  };
  /** Everything sent has arrived, and none of it more often than before. */
  const nothingRepeated = async (before: number) => {
    await load.stop();
    await world.caughtUp();
    const { lost, severalIds, repeatCount, deliveredCount } = await world.verdict();
    console.log(`${deliveredCount} delivered, ${repeatCount} repeats so far; excuses: ${excuses(world)}`);
    assert.deepEqual({ lost, severalIds, repeats: repeatCount - before }, { lost: [], severalIds: [], repeats: 0 });
    load = new AlarmLoad(world, 40, definition);
  };
  const repeats = async () => (await world.verdict()).repeatCount;

  before(async () => {
    world = await World.create(suite, { partitionCount: 12 });
    // Slow enough that senders always have something in hand.
    world.mail.answer('*', { code: 250, delayMs: 20 });
    definition = await world.definition(await world.mailbox());
    engines = [await startSharing(world), await startSharing(world), await startSharing(world)];
    load = new AlarmLoad(world, 40, definition);
    suite.after(() => load.stop());
  });

  it('have four each, and each tells who owns what', async () => {
    await share(world, engines, 4, 4, 4);
    for (const engine of engines) {
      await waitFor(async () => {
        const { owners } = await engine.status();
        const alarms = owners.filter(({ topic, instance }) => topic === world.topic && instance !== undefined);
        return alarms.length === 12 && new Set(alarms.map(({ instance }) => instance)).size === 3;
      }, 'the owners of all partitions');
    }
    const url = `http://127.0.0.1:${await engines[0]?.adminPort()}`;
    const { stdout } = await runProgram('status', '--url', url);
    console.log(stdout.split('\n').slice(-30).join('\n'));
    assert.equal(stdout.split('\n').filter((line) => /^\S+ +\d+ {2}.*alarms/.test(line)).length, 3);
    await flow();
  });

  it('have six each after one was asked to stop, and nobody hears anything twice', async () => {
    const before = await repeats();
    const [first, ...others] = engines;
    const askedAtMs = Date.now();
    assert.equal(await first?.stop(), 0);
    console.log(`stopped after ${Date.now() - askedAtMs} ms`);
    await share(world, others, 6, 6);
    engines = others;
    await flow();
    await nothingRepeated(before);
  });

  it('take over what a killed one had within the session time-out and two seconds', async () => {
    engines.push(await startSharing(world));
    await share(world, engines, 4, 4, 4);
    const [killed, ...others] = engines;
    const pids = (await killed?.allPids()) ?? [];
    const takenCount = () => others.reduce((sum, engine) => sum + engine.named('partition_taken').length, 0);
    const before = takenCount();
    const killedAtMs = Date.now();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await share(world, others, 6, 6);
    assert.ok(takenCount() >= before + 4);
    const lastMs = Math.max(
      ...others.flatMap((engine) =>
        engine.named('partition_taken').map(({ topic, ts }) => (topic === world.topic ? Date.parse(String(ts)) : 0)),
      ),
    );
    console.log(`killed: taken over after ${lastMs - killedAtMs} ms, session ${sessionMs} ms`);
    assert.ok(lastMs - killedAtMs <= sessionMs + marginMs, `taken over after ${lastMs - killedAtMs} ms`);
    engines = others;
    await load.stop();
    await world.caughtUp();
    const { lost, severalIds } = await world.verdict();
    assert.deepEqual({ lost, severalIds }, { lost: [], severalIds: [] });
    load = new AlarmLoad(world, 40, definition);
  });

  it('are restarted one by one under load, and nobody hears anything twice (K7)', async () => {
    engines.push(await startSharing(world));
    await share(world, engines, 4, 4, 4);
    const before = await repeats();
    for (let index = 0; index < 3; index += 1) {
      assert.equal(await engines.shift()?.stop(), 0);
      engines.push(await startSharing(world));
      await share(world, engines, 4, 4, 4);
    }
    await flow();
    await nothingRepeated(before);
  });

  it('take up partitions that are added to the topic', async () => {
    const before = await repeats();
    await world.growTo(15);
    await share(world, engines, 5, 5, 5);
    await flow();
    await nothingRepeated(before);
    assert.equal((await world.zookeeper.committed(world.topic)).size, 15);
  });
});

describe('a change of zookeeper.lock, one engine after the other', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();

  it('goes both ways under load: the modes wait for each other, nothing is lost and nothing repeated (P17)', async () => {
    const world = await World.create(suite, { partitionCount: 6 });
    const load = new AlarmLoad(world, 20, await world.definition(await world.mailbox()));
    suite.after(() => load.stop());
    const start = (lock: 'topic' | 'partition') => startSharing(world, { 'zookeeper.lock': lock });
    const flow = async () => {
      const count = world.mail.mails.length;
      await waitFor(() => world.mail.mails.length > count + 20, 'mails', slowly);
    };
    const ready = (engine: EngineProcess) => engine.sees('engine_ready', slowly.timeoutMs);
    const engines = [await start('topic')];
    await engines[0]?.becomes('active');
    for (let count = 0; count < 2; count += 1) engines.push(await start('topic'));
    for (const lock of ['partition', 'topic'] as const) {
      for (let count = 0; count < 3; count += 1) {
        await Promise.all(engines.map(ready));
        assert.equal(await engines.shift()?.stop(), 0);
        engines.push(await start(lock));
        await flow();
      }
      if (lock === 'partition') await share(world, engines, 2, 2, 2);
      else await waitFor(async () => (await countsOf(world.topic, engines)).includes(6), 'one that has all', slowly);
      await flow();
    }
    await load.stop();
    await world.caughtUp();
    const { lost, severalIds, repeatCount, deliveredCount } = await world.verdict();
    console.log(`${deliveredCount} delivered over six changes, ${repeatCount} repeats; excuses: ${excuses(world)}`);
    assert.deepEqual({ lost, severalIds, repeatCount }, { lost: [], severalIds: [], repeatCount: 0 });
    assert.ok(world.engines.some((engine) => engine.named('lock_blocked').length > 0));
  });
});

describe('retries of engines that share', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();

  it('are shared too: whoever owns its partition sends a retry, under the same id', async () => {
    const world = await World.create(suite, { partitionCount: 4 });
    const changes = { 'retry.interval': 0.6, 'processors.alarm.ttl': 3600 };
    const engines = [await startSharing(world, changes), await startSharing(world, changes)];
    await share(world, engines, 2, 2);
    const retryCounts = () => countsOf(world.topics.retry, engines);
    await waitFor(async () => (await retryCounts()).join() === '2,2', 'the retry partitions, two each', slowly);
    const hook = await world.webhook();
    const busy = { status: 503 };
    world.http.answer(`/${hook}`, ...Array.from({ length: 40 }, () => busy), {});
    await world.send(40, await world.definition(hook));
    await waitFor(async () => (await world.records('sent')).length >= 40, 'all records', slowly);
    await world.caughtUp();
    const sent = await world.records('sent');
    const ids = new Set(sent.map(({ key }) => key));
    assert.equal(ids.size, 40);
    const firstBy = new Map((await world.records('retry')).map(({ key, value }) => [key, value.instance]));
    const elsewhere = sent.filter(({ key, value }) => firstBy.has(key) && firstBy.get(key) !== value.instance);
    console.log(`${firstBy.size} failed at first, ${elsewhere.length} of them were then sent by the other engine`);
    assert.ok(elsewhere.length > 0);
    assert.deepEqual((await world.verdict()).severalIds, []);
  });
});
