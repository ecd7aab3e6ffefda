import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { readArguments } from '../../src/cli/command-line.js';
import { command } from '../../src/cli/offsets-set.js';
import { encodeFinishedSet, finishedBits } from '../../src/tracker/finished-set.js';
import { CommandRun, type Ended, runCommand } from '../support/command-run.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

/** Nobody listens there. */
const nowhere = '127.0.0.1:1';
const alarmCount = 40;

describe('offsets', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let config: string;

  before(async () => {
    world = await World.create(suite, { partitionCount: 2 });
    config = await world.configure();
    const nobody = { id: 'd-nobody', methodIds: [] };
    await world.send(alarmCount, nobody);
  });

  const show = (...words: string[]) => runCommand('offsets', 'show', '--config', config, ...words);
  const set = (...words: string[]) => runCommand('offsets', 'set', '--config', config, ...words);
  const stored = async () => Object.fromEntries(await world.zookeeper.committed(world.topic));

  it('show: finds nothing at first, and creates nothing by looking', async () => {
    const { code, out } = await show('--json');
    assert.deepEqual([code, JSON.parse(out)], [0, { partitions: [] }]);
    assert.deepEqual(await world.zookeeper.children(`/consumers/${world.group}`), []);
    const table = await show();
    assert.match(table.out, new RegExp(`${world.topic}/0 +none +0 +20 +20`));
  });

  it('set: writes with the lock, prints before and after, and leaves no lock behind', async () => {
    const { code, out, err } = await set('--yes', `${world.topic}/0=7`, `${world.topic}/1=20`);
    assert.equal(code, 0, err);
    assert.equal(out, `${world.topic}/0: none -> 7\n${world.topic}/1: none -> 20\n`);
    assert.match(err, /next offset to read/);
    assert.deepEqual(await stored(), { 0: 7n, 1: 20n });
    assert.deepEqual(await world.zookeeper.children(`/consumers/${world.group}/owners/${world.topic}`), []);
  });

  it('show: prints positions as text in JSON and with the lag for people', async () => {
    const json = await show('--json');
    const partitions = [
      { topic: world.topic, partition: 0, committed: '7' },
      { topic: world.topic, partition: 1, committed: '20' },
    ];
    assert.deepEqual(JSON.parse(json.out), { partitions });
    assert.match(json.err, /next offset to read/);
    assert.match((await show()).out, new RegExp(`${world.topic}/0 +7 +0 +20 +13`));
  });

  it('set: says what will be read again, and what never', async () => {
    const { out } = await set('--yes', `${world.topic}/0=3`, `${world.topic}/1=20`);
    assert.match(out, /\/0: 7 -> 3 \(4 messages will be read, and told, again\)\n.*\/1: 20 -> 20\n/);
  });

  it('set: says what will be told again although it is finished, and writes a plain position', async () => {
    const path = world.zookeeper.offsetPath(world.topic, 0);
    await world.zookeeper.write(path, `3\n${encodeFinishedSet(finishedBits([5, 6, 9], 3, 100))}\nfor people`);
    const { out } = await set('--yes', `${world.topic}/0=6`);
    assert.match(
      out,
      /\/0: 3 -> 6 \(2 messages will never be read; 2 beyond, finished already, will be told again\)\n/,
    );
    assert.match(
      (await set('--yes', `${world.topic}/0=3`)).out,
      /\/0: 6 -> 3 \(3 messages will be read, and told, again\)\n/,
    );
  });

  it('set: prints one JSON document when asked to', async () => {
    const { code, out } = await set('--yes', '--json', `${world.topic}/0=3`);
    const changes = [{ topic: world.topic, partition: 0, before: '3', after: '3', finished_again: 0 }];
    assert.deepEqual([code, JSON.parse(out)], [0, { set: true, changes }]);
  });

  it('set: refuses what Kafka does not hold, unless it is forced', async () => {
    const refused = await set('--yes', `${world.topic}/0=21`, `${world.topic}/9=0`);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /\/0 can be set to 0 up to 20, not to 21; Kafka has no partition .*\/9.*--force/);
    assert.equal((await stored())[0], 3n);
    assert.equal((await set('--yes', '--force', `${world.topic}/0=21`)).code, 0);
    assert.equal((await stored())[0], 21n);
    assert.match((await show()).out, /beyond the end/);
  });

  it('set: refuses a topic that the engine does not read', async () => {
    const { code, err } = await set('--yes', '--force', 'somebody-elses/0=1');
    assert.deepEqual([code, /keeps no position of topic somebody-elses/.test(err)], [1, true]);
  });

  it('set: asks for --yes where nobody can be asked', async () => {
    const { code, err } = await set(`${world.topic}/0=1`);
    assert.deepEqual([code, /no terminal .*--yes/.test(err)], [2, true]);
  });

  it('set: asks at a terminal, and sets nothing without a yes', async () => {
    const answered = async (answer: string) => {
      const err: string[] = [];
      const io = {
        out: () => undefined,
        err: (line: string) => err.push(line),
        environment: {},
        ask: async () => answer,
      };
      const code = await command.run(readArguments(command, ['--config', config, `${world.topic}/0=4`]), io);
      return [code, err.at(-1), (await stored())[0]];
    };
    assert.deepEqual(await answered(''), [1, 'nothing was set', 21n]);
    assert.deepEqual(await answered('y'), [0, 'set one offset; the engines may be started', 4n]);
  });

  it('set: mends a damaged node', async () => {
    await world.zookeeper.write(world.zookeeper.offsetPath(world.topic, 0), 'rubbish');
    const damaged = await show();
    assert.deepEqual([damaged.code, /damaged.*offsets set/.test(damaged.err)], [1, true]);
    // The others are still there to be seen.
    assert.match(damaged.out, new RegExp(`${world.topic}/1 +20 +0 +20 +0\\n${world.topic}/0 +damaged +0 +20 +\\?`));
    const { partitions, damaged: named } = JSON.parse((await show('--json')).out);
    assert.deepEqual([partitions.length, named.length, named[0].partition], [1, 1, 0]);
    assert.match((await set('--yes', `${world.topic}/0=5`)).out, /damaged -> 5/);
    assert.equal((await stored())[0], 5n);
  });

  it('set: takes over what a consumer group has committed', async () => {
    const group = `${world.group}-old`;
    const partitions = [{ partition: 1, offset: '11' }];
    const commit = () => world.kafka.admin.setOffsets({ groupId: group, topic: world.topic, partitions });
    // A new Kafka has no coordinators until somebody asks for one.
    await waitFor(
      () =>
        commit().then(
          () => true,
          () => false,
        ),
      'a coordinator of groups',
    );
    const { code, out } = await set('--yes', '--from-group', group);
    assert.deepEqual([code, out.includes('/0'), out.includes('/1: 20 -> 11')], [0, false, true]);
    const nothing = await set('--yes', '--from-group', `${group}-unheard-of`);
    assert.deepEqual([nothing.code, /has committed nothing/.test(nothing.err)], [1, true]);
  });

  it('set: names the holder of the lock while it waits, and gives up', async () => {
    const engine = await world.startActive();
    const before = await stored();
    const { code, err } = await set('--yes', '--timeout', '1', `${world.topic}/0=0`);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`held by process ${engine.pid} on .*not free within 1 s; stop every engine`, 's'));
    assert.ok(((await stored())[0] ?? 0n) >= (before[0] ?? 0n));
    const waiting = new CommandRun(['offsets', 'set', '--config', config, '--yes', `${world.topic}/0=2`]);
    await waiting.says('held by process');
    await engine.stop();
    const ended: Ended = await waiting.ended;
    assert.deepEqual([ended.code, (await stored())[0]], [0, 2n], ended.err);
  });

  it('set: waits also for an engine that shares and holds no partition but one of retries', async () => {
    const waiting = () => world.zookeeper.committed(world.topics.retry);
    const before = await waiting();
    const lock = `/consumers/${world.group}/owners/${world.topics.retry}/0/some-guid-lock-0000000007`;
    await world.zookeeper.write(lock, '');
    const { code, err } = await set('--yes', '--force', '--timeout', '1', `${world.topics.retry}/0=3`);
    await world.zookeeper.remove(lock);
    assert.equal(code, 1, err);
    assert.match(
      err,
      new RegExp(`another kind of engine holds ZooKeeper node ${lock}; stop it.*not free within 1 s`, 's'),
    );
    assert.deepEqual(await waiting(), before);
  });

  it('set: leaves the line at once when it is interrupted', async () => {
    const engine = await world.startActive();
    const waiting = new CommandRun(['offsets', 'set', '--config', config, '--yes', `${world.topic}/0=2`]);
    await waiting.says('held by process');
    waiting.signal('SIGINT');
    assert.equal((await waiting.ended).code, 1);
    assert.equal((await world.zookeeper.children(`/consumers/${world.group}/owners/${world.topic}`)).length, 1);
    await engine.stop();
  });

  it('show: works without Kafka, set only by force', async () => {
    const away = await world.configure({ 'kafka.url': nowhere }, 'kafka-away');
    const shown = await runCommand('offsets', 'show', '--config', away);
    assert.equal(shown.code, 0);
    assert.match(shown.out, new RegExp(`${world.topic}/0 +\\d+ +\\? +\\? +\\?`));
    assert.match(shown.err, /no lag: asked Kafka at 127\.0\.0\.1:1 .*kafka\.url/);
    const refused = await runCommand('offsets', 'set', '--config', away, '--yes', `${world.topic}/0=3`);
    assert.deepEqual([refused.code, /asked Kafka at 127\.0\.0\.1:1 .*--force/.test(refused.err)], [1, true]);
    assert.equal(
      (await runCommand('offsets', 'set', '--config', away, '--yes', '--force', `${world.topic}/0=3`)).code,
      0,
    );
  });

  it('say what was asked, where, and what to check when ZooKeeper is away', async () => {
    const away = await world.configure({ 'zookeeper.url': nowhere }, 'zookeeper-away');
    const { code, out, err } = await runCommand('offsets', 'show', '--config', away);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /asked ZooKeeper at 127\.0\.0\.1:1 for a session: none within 8 s; check .*zookeeper\.url/);
    const json = await runCommand('offsets', 'show', '--json', '--config', away);
    const { error } = JSON.parse(json.out);
    assert.deepEqual([json.code, error.code, json.err.includes(error.message)], [1, 'STORE_UNAVAILABLE', true]);
  });
});
