import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { AlarmLoad } from '../support/alarm-load.js';
import type { EngineProcess } from '../support/engine-process.js';
import { isAlive } from '../support/process-state.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Definition, World } from '../support/world.js';

const perSecondCount = 250;
/** What one notification_processor has in hand at most. */
const inHandCount = 512;

/** A world whose receiver takes 20 ms for an answer, so that there always are sends under way. */
async function slowWorld(suite: Parameters<typeof World.create>[0]): Promise<{ world: World; definition: Definition }> {
  const world = await World.create(suite);
  world.http.answer('*', { delayMs: 20 });
  return { world, definition: await world.definition(await world.webhook(), await world.mailbox()) };
}

async function flowing(world: World): Promise<void> {
  const before = world.http.requestCount;
  await waitFor(() => world.http.requestCount > before + 100, 'receipts', { timeoutMs: 30_000 });
}

/** Kills one worker of the stage; answers when another one is ready in its place. */
async function replaced(engine: EngineProcess, stage: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const [victim] = await engine.workerPids(stage);
  assert.ok(victim !== undefined);
  const count = engine.named('worker_ready').length;
  const atMs = Date.now();
  process.kill(victim, signal);
  await waitFor(() => engine.named('worker_ready').length > count, `a new ${stage}`, { timeoutMs: 30_000 });
  const forkedMs = Date.parse(String(engine.named('worker_replaced').at(-1)?.ts)) - atMs;
  const readyMs = Date.parse(String(engine.named('worker_ready').at(-1)?.ts)) - atMs;
  console.log(`${stage} ${signal}: replaced after ${forkedMs} ms, at work after ${readyMs} ms`);
  assert.ok(!isAlive(victim));
  if (signal === 'SIGKILL') assert.ok(forkedMs <= 1_000, `replaced after ${forkedMs} ms`);
}

describe('an engine under load whose workers die', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let definition: Definition;
  let engine: EngineProcess;

  before(async () => {
    ({ world, definition } = await slowWorld(suite));
    engine = await world.startActive();
  });

  it('replaces reader, alarm processor and recorder, and loses and repeats nothing (P1) (P2) (P4)', async () => {
    const load = new AlarmLoad(world, perSecondCount, definition);
    for (const stage of ['kafka_consumer', 'alarm_processor', 'sent_notification_processor']) {
      await flowing(world);
      await replaced(engine, stage);
    }
    await load.stop();
    await world.caughtUp();
    const { lost, repeatCount } = await world.verdict();
    assert.deepEqual({ lost, repeatCount }, { lost: [], repeatCount: 0 });
  });

  it('replaces senders that die or freeze, and repeats no more than they had in hand, under the same identity (P3) (P5)', async () => {
    const load = new AlarmLoad(world, perSecondCount, definition);
    await flowing(world);
    await replaced(engine, 'notification_processor');
    await flowing(world);
    await replaced(engine, 'notification_processor', 'SIGSTOP');
    await load.stop();
    await world.caughtUp();
    const { lost, repeatCount, severalIds, deliveredCount } = await world.verdict();
    console.log(`two senders lost: ${repeatCount} repeats of ${deliveredCount}`);
    assert.deepEqual({ lost, severalIds }, { lost: [], severalIds: [] });
    assert.ok(repeatCount <= 2 * 2 * inHandCount, `${repeatCount} repeats`);
    assert.equal((await world.records('dead')).length, 0);
    assert.equal(await engine.stop(), 0);
  });

  it('gives up with exit code 1 and says why when more than five die within a minute; the next engine goes on (P6)', async () => {
    const victim = await world.startActive();
    await world.send(300, definition);
    await flowing(world);
    const { workers } = await victim.status();
    assert.equal(workers.length, 7);
    const atMs = Date.now();
    for (const { pid } of workers) process.kill(pid, 'SIGKILL');
    assert.deepEqual(await victim.exited, { code: 1, signal: null });
    console.log(`six workers killed: exit after ${Date.now() - atMs} ms`);
    assert.equal(victim.named('engine_failed').length, 1);
    await waitFor(() => victim.lines.at(-1)?.event === 'engine_stopped', 'the last line');
    const last = victim.lines.at(-1);
    assert.deepEqual([last?.level, last?.exit_code, last?.code], ['error', 1, 'WORKERS_FAILING']);
    assert.match(String(last?.detail), /6 workers died within 60 s, the last one a \w+: ended with SIGKILL/);
    await world.startActive();
    await world.caughtUp();
    const { lost, severalIds } = await world.verdict();
    assert.deepEqual({ lost, severalIds }, { lost: [], severalIds: [] });
  });
});

describe('engines that die under load', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  const quickly = { 'zookeeper.session_timeout_seconds': 2 };
  let world: World;
  let load: AlarmLoad;

  before(async () => {
    const slow = await slowWorld(suite);
    world = slow.world;
    await world.startActive(quickly);
    load = new AlarmLoad(world, perSecondCount, slow.definition);
    suite.after(() => load.stop());
  });

  it('leave no worker behind when main alone is killed (P8)', async () => {
    await flowing(world);
    const engine = world.engines.at(-1);
    const pids = (await engine?.allPids()) ?? [];
    assert.equal(pids.length, 8);
    await engine?.kill();
    const atMs = Date.now();
    await waitFor(() => !pids.some(isAlive), 'the end of all workers', { timeoutMs: 2_000 });
    console.log(`main killed: all workers gone after ${Date.now() - atMs} ms`);
  });

  it('lose nothing, and repeat little under the same identity, when main or everything is killed (P8)', async () => {
    const second = await world.startActive(quickly);
    await flowing(world);
    for (const pid of await second.allPids()) process.kill(pid, 'SIGKILL');
    await second.exited;
    const third = await world.startActive(quickly);
    await flowing(world);
    await load.stop();
    await world.caughtUp();
    const { lost, repeatCount, severalIds, deliveredCount } = await world.verdict();
    console.log(`two engines killed: ${repeatCount} repeats of ${deliveredCount}`);
    assert.deepEqual({ lost, severalIds }, { lost: [], severalIds: [] });
    assert.ok(deliveredCount > 2_000, `only ${deliveredCount} deliveries under load`);
    // Twice: what was in flight, and what was sent in the second or so after the last commit.
    const boundCount = 2 * 2 * (4 * inHandCount + 3 * perSecondCount);
    assert.ok(repeatCount <= boundCount, `${repeatCount} repeats`);
    assert.equal(await third.stop(), 0);
  });
});
