import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parentOf } from '../../src/adapters/zookeeper/paths.js';
import { CountingPort } from '../support/counting-port.js';
import type { EngineProcess } from '../support/engine-process.js';
import { runProgram } from '../support/program.js';
import { skipWithoutServices, startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';
import { ZookeeperNodes } from '../support/zookeeper-nodes.js';

/** Waits for the end of an engine that cannot work, and answers with what it said in the end. */
async function refused(engine: EngineProcess, code: number): Promise<string> {
  const exit = await engine.exited;
  assert.deepEqual(exit, { code, signal: null }, engine.stderr);
  await waitFor(() => engine.lines.at(-1)?.event === 'engine_stopped', 'the last line');
  const [failed] = engine.named('engine_failed');
  const last = engine.lines.at(-1);
  const said = [last?.level, last?.exit_code, last?.code, last?.detail];
  assert.deepEqual(said, ['error', code, failed?.code, failed?.detail]);
  return String(failed?.detail);
}

/** Waits until the engine says why it is not ready; it lives on. */
async function notReady(engine: EngineProcess, why: RegExp): Promise<void> {
  const says = async () => {
    const { status, text } = await engine.get('/ready');
    return status === 503 && why.test(text);
  };
  await waitFor(says, `not ready: ${why}`, { timeoutMs: 30_000 });
  assert.equal((await engine.get('/health')).status, 200);
}

describe('the program refuses', () => {
  for (const [what, words, says] of [
    ['no command', [], /usage|Usage/],
    ['an unknown command', ['rnu'], /unknown command "rnu"; did you mean run\?/],
    ['an unknown option', ['run', '--confg', 'x'], /--confg/],
    ['a word too many', ['run', 'now'], /now/],
    ['an option without its value', ['run', '--config'], /config/],
  ] as const) {
    it(`${what} with 2 and says what it expects`, async () => {
      const { code, stdout, stderr } = await runProgram(...words);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
  }

  it('a configuration file that is not there with 78', async () => {
    const { code, stderr } = await runProgram('run', '--config', '/nowhere/notification.yaml');
    assert.equal(code, 78);
    assert.match(stderr, /\/nowhere\/notification\.yaml/);
  });
});

describe('an engine', { skip: skipWithoutServices() }, () => {
  it('with a wrong configuration ends with 78, all that is wrong, and no connection made (C1)', async (test) => {
    const world = await World.create(test, { partitionCount: 0 });
    const outside = await CountingPort.open(test);
    const address = `127.0.0.1:${outside.port}`;
    const file = await world.configure({
      ...{ 'kafka.url': address, 'zookeeper.url': address, 'mysql.host': '127.0.0.1', 'mysql.port': outside.port },
      ...{ 'notification_types.email.port': outside.port, 'statsd.enable': true, 'admin.port': 70_000 },
      ...{ 'processors.alarm.number': 'many', 'kafka.topic': 'typo', 'mysql.db': undefined },
    });
    const { code, stdout, stderr } = await runProgram('run', '--config', file);
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, new RegExp(`^${file}:\\d+:\\d+ admin\\.port: expected .*70000`, 'm'));
    assert.match(stderr, new RegExp(`^${file}:\\d+:\\d+ processors\\.alarm\\.number: expected .*"many"`, 'm'));
    assert.match(stderr, new RegExp(`^${file}:\\d+:\\d+ mysql\\.db: expected .*got nothing`, 'm'));
    assert.match(stderr, /kafka\.topic: warning: /);
    assert.equal(outside.connectionCount, 0);
  });

  it('whose admin port is taken ends with 1 and names port and key', async (test) => {
    const world = await World.create(test);
    const taken = await CountingPort.open(test);
    const { code, stderr } = await runProgram('run', '--config', await world.configure({ 'admin.port': taken.port }));
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${taken.port}.*admin\\.port`));
  });

  it('waits for an alarm topic that does not exist, names it, and works once it does', async (test) => {
    const world = await World.create(test, { partitionCount: 0 });
    const engine = await world.start();
    await engine.becomes('active');
    await notReady(engine, new RegExp(`kafka has no topic ${world.topic}`));
    await world.kafka.createTopic(world.topic, 1);
    const value = '{"alarm-transitioned":{}}';
    await world.kafka.produce(world.topic, [{ partition: 0, value }]);
    await world.caughtUp();
    await waitFor(async () => (await engine.get('/ready')).status === 200, 'ready', { timeoutMs: 30_000 });
    assert.equal(await engine.stop(), 0);
  });

  it('waits while a table is missing, keeps the alarms, and goes on when it is there (M3)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    const definition = await world.definition(await world.webhook());
    await world.database.run('RENAME TABLE alarm_action TO alarm_action_elsewhere');
    await world.send(3, definition);
    const engine = await world.startActive();
    await notReady(engine, /alarm_action/);
    assert.equal(world.http.requestCount, 0);
    await world.database.run('RENAME TABLE alarm_action_elsewhere TO alarm_action');
    await world.caughtUp();
    assert.deepEqual((await world.verdict()).lost, []);
    assert.equal(await engine.stop(), 0);
  });

  it('waits while MySQL refuses it, keeps the alarms, and goes on when the right is granted (M3)', async (test) => {
    const { mysql } = await startPrivateServices(test, { only: ['mysql'] });
    const world = await World.create(test, { services: { mysql }, partitionCount: 1 });
    await world.send(3, await world.definition(await world.webhook()));
    await world.database.run("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'reader'");
    const engine = await world.startActive({ 'mysql.user': 'reader', 'mysql.passwd': 'reader' });
    await notReady(engine, /mysql.*(denied|right)/i);
    assert.equal(engine.isRunning, true);
    await world.database.runAs(
      { ...mysql, ...mysql.admin },
      `GRANT SELECT ON ${world.database.name}.* TO reader@'127.0.0.1'`,
    );
    await world.caughtUp();
    assert.deepEqual((await world.verdict()).lost, []);
    assert.equal(await engine.stop(), 0);
  });

  for (const lock of ['topic', 'partition']) {
    it(`that finds a damaged offset under the ${lock} lock ends with 78, names path and content (Z7)`, async (test) => {
      const world = await World.create(test, { partitionCount: 2 });
      await world.send(4, await world.definition(await world.webhook()));
      const path = world.zookeeper.offsetPath(world.topic, 1);
      await world.zookeeper.write(path, 'abc');
      const said = await refused(await world.start({ 'zookeeper.lock': lock }), 78);
      assert.ok(said.includes(path) && said.includes('"abc"'), said);
      assert.equal(await world.zookeeper.read(path), 'abc');
    });
  }

  for (const [what, lock, pathOf] of [
    ['its offset node', 'topic', (world: World) => world.zookeeper.offsetPath(world.topic, 0)],
    ['its offset node', 'partition', (world: World) => world.zookeeper.offsetPath(world.topic, 0)],
    ['the parent of its nodes', 'topic', (world: World) => `/consumers/${world.group}`],
    ['the parent of its nodes', 'partition', (world: World) => `/consumers/${world.group}`],
  ] as const) {
    it(`that finds ${what} owned by somebody else ends with 78 under the ${lock} lock, and names the path`, async (test) => {
      const world = await World.create(test, { partitionCount: 1 });
      await world.send(1, await world.definition(await world.webhook()));
      const path = pathOf(world);
      const somebody = new ZookeeperNodes(world.services.zookeeperUrl, world.group, 'somebody:else');
      test.after(() => somebody.close());
      // What lies above the node in question is everybody's.
      await world.zookeeper.write(parentOf(path), '');
      await somebody.write(path, '0');
      const said = await refused(await world.start({ 'zookeeper.lock': lock }), 78);
      assert.ok(said.includes(path), said);
      assert.match(said, /zookeeper\.auth and the ACL/);
    });
  }

  it('whose notifier ends its process as soon as it is opened ends with 1, and its last line says so (P6)', async (test) => {
    const world = await World.create(test, { partitionCount: 1 });
    const configured = "({ kind: 'ready', warnings: [], open() { process.exit(0); } })";
    const plugin = `export default () => ({ type: 'dongle', keys: [], configure: () => ${configured} });`;
    await writeFile(join(world.folder, 'dongle.mjs'), plugin);
    const said = await refused(await world.start({ 'notification_types.plugins': ['./dongle.mjs'] }), 1);
    assert.match(said, /a notification_processor: ended with 0, without a word;/);
  });
});
