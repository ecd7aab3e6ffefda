import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { EngineProcess } from '../support/engine-process.js';
import { isAlive } from '../support/process-state.js';
import { cleanUpAfterSuite, requireServices, skipWithoutServices } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';
import { type Definition, World } from '../support/world.js';

/** What is promised while outside systems are away, and what our own processors may add to it. */
const awayLimitMs = 5_000;
const slackMs = 2_000;

async function stopped(engine: EngineProcess, signals = 1): Promise<{ code: number | null; ms: number }> {
  const atMs = Date.now();
  for (let each = 0; each < signals; each += 1) {
    if (each > 0) await engine.sees('engine_stopping');
    engine.signal('SIGTERM');
  }
  const { code } = await engine.exited;
  return { code, ms: Date.now() - atMs };
}

describe('an engine that is asked to stop', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let definition: Definition;

  before(async () => {
    world = await World.create(suite);
    definition = await world.definition(await world.webhook());
  });

  for (const event of [
    'engine_starting',
    'worker_ready',
    'zookeeper_connected',
    'lock_taken',
    'partition_positioned',
  ]) {
    it(`ends with exit code 0 and without orphans as early as at ${event} (P13)`, async () => {
      await world.send(5, definition);
      const engine = await world.start();
      await engine.sees(event);
      const { code, ms } = await stopped(engine);
      console.log(`SIGTERM at ${event}: ${ms} ms`);
      assert.equal(code, 0);
      const pids = engine.named('worker_ready').map((line) => Number(line.worker_pid));
      await waitFor(() => !pids.some(isAlive), 'the end of all workers', { timeoutMs: 2_000 });
      assert.deepEqual(engine.named('engine_failed'), []);
    });
  }

  it('ends with exit code 0 while it still reads its configuration', async () => {
    const module =
      "process.kill(process.pid, 'SIGTERM'); await new Promise(setImmediate); export default () => ({ type: 'slow', keys: [], configure: () => ({}) });";
    await writeFile(join(world.folder, 'slow.mjs'), module);
    const engine = await world.start({ 'notification_types.plugins': ['./slow.mjs'] });
    assert.deepEqual(await engine.exited, { code: 0, signal: null });
  });

  it('gives up at the second signal what hangs, and the next engine tells it under the same identity (P13)', async () => {
    world.http.answer('*', { instead: 'hang' });
    const engine = await world.startActive();
    const count = world.http.requestCount;
    await world.send(50, definition);
    await waitFor(() => world.http.requestCount > count, 'a send that hangs');
    const { code, ms } = await stopped(engine, 2);
    console.log(`SIGTERM twice with hanging sends: ${ms} ms`);
    assert.equal(code, 0);
    assert.ok(ms < awayLimitMs + slackMs, `${ms} ms`);
    world.http.answer('*', {});
    const next = await world.startActive();
    await world.caughtUp();
    const { lost, severalIds } = await world.verdict();
    assert.deepEqual({ lost, severalIds }, { lost: [], severalIds: [] });
    assert.equal(await next.stop(), 0);
    // Senders that may hold something are gone before the lock is; where nothing is held the lock does not wait for them.
    const steps = (of: EngineProcess) => of.named('stop_step').map(({ step }) => step);
    assert.deepEqual(steps(engine), ['commit', 'stop the workers', 'release the lock']);
    assert.deepEqual(steps(next), ['commit', 'release the lock', 'stop the workers']);
  });

  it('sends nothing more once its lock node is gone, though it still drains (Z7)', async () => {
    world.http.answer('*', { delayMs: 500 });
    const engine = await world.startActive();
    const count = world.http.requestCount;
    await world.send(400, definition);
    await waitFor(() => world.http.requestCount > count, 'sends under way');
    engine.signal('SIGTERM');
    await engine.sees('engine_stopping');
    const lockPath = String(engine.named('lock_taken')[0]?.lock);
    await world.zookeeper.remove(lockPath);
    await engine.sees('term_ended');
    const { code } = await engine.exited;
    const endedCount = world.http.requestCount;
    assert.equal(code, 0);
    assert.ok(endedCount < count + 400, 'everything was sent before the lock was gone');
    world.http.answer('*', {});
    const next = await world.startActive();
    await world.caughtUp();
    assert.deepEqual((await world.verdict()).lost, []);
    assert.equal(await next.stop(), 0);
  });
});

describe('an engine that is asked to stop while ZooKeeper hangs', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let proxy: TcpProxy;

  before(async () => {
    const [host = '', port = ''] = requireServices().zookeeperUrl.split(':');
    proxy = await TcpProxy.to(Number(port), host);
    suite.after(() => proxy.close());
    world = await World.create(suite);
  });

  const start = async (role: string) => {
    const engine = await world.start({ 'zookeeper.url': `127.0.0.1:${proxy.port}` });
    await engine.becomes(role);
    return engine;
  };

  for (const role of ['active', 'standby']) {
    it(`ends in time while it is ${role} (P13)`, async () => {
      const holder = role === 'standby' ? await world.startActive() : undefined;
      const engine = await start(role);
      proxy.blackhole();
      const { code, ms } = await stopped(engine);
      console.log(`SIGTERM with a hanging ZooKeeper, ${role}: ${ms} ms`);
      proxy.resume();
      await holder?.stop();
      assert.equal(code, 0);
      assert.ok(ms < awayLimitMs + slackMs, `${ms} ms`);
    });
  }
});
