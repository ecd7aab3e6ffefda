import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DigestProcess } from '../support/digest/digest-process.js';
import { openTestBus } from '../support/digest/digest-world.js';
import type { EngineProcess } from '../support/engine-process.js';
import { runProgram } from '../support/program.js';
import { randomName } from '../support/random-name.js';
import { skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Changes, World } from '../support/world.js';

const user = 'u-digest';
const patience = { timeoutMs: 60_000 };

/** A world in which one user has a method that is told at once, and another one a method whose row asks for digests. */
class DigestMethods {
  readonly world: World;
  readonly changes: Changes;
  readonly words: readonly string[];
  readonly methods: { readonly atOnce: string; readonly inDigest: string };

  private constructor(parts: Pick<DigestMethods, 'world' | 'changes' | 'words' | 'methods'>) {
    this.world = parts.world;
    this.changes = parts.changes;
    this.words = parts.words;
    this.methods = parts.methods;
  }

  static async create(t: TestContext, more: Changes = {}): Promise<DigestMethods> {
    const world = await World.create(t, { partitionCount: 2 });
    const methods = { atOnce: await world.webhook(), inDigest: await world.webhook() };
    await world.database.run(
      'CREATE TABLE notification_method_option (method_id varchar(36) NOT NULL, `option` varchar(32) NOT NULL, ' +
        'value varchar(255) NOT NULL, PRIMARY KEY (method_id, `option`))',
    );
    await world.database.run("INSERT INTO notification_method_option VALUES (?, 'delivery', 'digest')", [
      methods.inDigest,
    ]);
    const name = randomName('digest');
    const changes = {
      ...{ 'digest.workers': 2, 'digest.status_topic': `${name}-status`, 'digest.command_topic': `${name}-command` },
      ...{ 'digest.digest_topic': `${name}-digest`, 'digest.state_topic': `${name}-state` },
      ...{ 'zookeeper.session_timeout_seconds': 4, ...more },
    };
    const words = ['--transport', 'kafka', '--engine-config', await world.configure(changes, 'digest')];
    return new DigestMethods({ world, changes, words, methods });
  }

  /** What arrived at the digest's receiver: the id of each message, and the alarms in it. */
  get digests(): readonly { readonly id: string; readonly alarmIds: readonly string[]; readonly body: string }[] {
    const requests = this.world.http.requests.filter(({ path }) => path.endsWith(`/${this.methods.inDigest}`));
    return requests.map(({ headers, body }) => {
      const { kind, alarms } = JSON.parse(body);
      assert.equal(kind, 'digest');
      const alarmIds = alarms.map((one: { readonly alarm_id: string }) => one.alarm_id);
      return { id: String(headers['webhook-id']), alarmIds, body };
    });
  }

  /** What asks for a digest of all that was sent before it. */
  async commander(t: TestContext): Promise<() => Promise<void>> {
    const bus = await openTestBus(this.words, t);
    return async () => {
      bus.publish('command', user, JSON.stringify({ UserID: user }));
      await bus.flush();
    };
  }

  get toldAtOnce(): readonly string[] {
    return this.world
      .receipts()
      .filter(({ methodId }) => methodId === this.methods.atOnce)
      .map(({ alarmId }) => alarmId);
  }

  toldInDigest(): ReadonlySet<string> {
    return new Set(this.digests.flatMap(({ alarmIds }) => alarmIds));
  }

  /** One of the digest's alarms is over. */
  async end(alarmId: string): Promise<void> {
    const { world, methods } = this;
    const definition = await world.definition(methods.inDigest);
    await world.send(1, definition, { tenantId: user, alarmId, newState: 'OK', timestamp: Date.now() });
  }

  /** `count` alarms of each user; the answer is those of the digest's. */
  async send(count: number): Promise<readonly string[]> {
    const { world, methods } = this;
    await world.send(count, await world.definition(methods.atOnce), { tenantId: 'u-now' });
    const sent = await world.send(count, await world.definition(methods.inDigest), { tenantId: user });
    return sent.map(({ alarmId }) => alarmId);
  }
}

/** Waits until the engine has a digest worker of another process than before, which says that it has taken over. */
async function takesOver(engine: EngineProcess, times: number): Promise<void> {
  await waitFor(() => engine.named('digest_took_over').length >= times, 'the digest worker to take over', patience);
}

async function killed(engine: EngineProcess, stage: string): Promise<void> {
  const [pid] = await engine.workerPids(stage);
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGKILL');
}

async function counted(engine: EngineProcess, series: string): Promise<number> {
  const { text } = await engine.get('/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

describe('a method that asks for digests', { skip: skipWithoutServices(), timeout: 180_000 }, () => {
  it('gets what is active in one message, over deaths of the workers, while others are told at once', async (t) => {
    const made = await DigestMethods.create(t);
    const { world } = made;
    const engine = await world.startActive(made.changes);
    await takesOver(engine, 1);
    const ownsBoth = async () => (await counted(engine, 'digest_owned_workers')) === 2;
    await waitFor(ownsBoth, "the digest's figures among those of the engine", patience);
    const first = await made.send(40);
    await killed(engine, 'alarm_processor');
    const ended = first.slice(0, 5);
    for (const alarmId of ended) await made.end(alarmId);
    await world.caughtUp();
    assert.equal(made.digests.length, 0, 'nothing is told before the digest is due');
    assert.equal(await counted(engine, 'mon_notification_alarms_finished_total{reason="digested"}'), 45);

    assert.equal((await runProgram('digest', 'send', user, ...made.words)).code, 0);
    await waitFor(() => made.digests.length > 0, 'a digest', patience);
    const second = await made.send(40);
    const command = await made.commander(t);
    await command();
    await killed(engine, 'digest');
    await world.caughtUp();
    await command();
    await takesOver(engine, 2);
    const active = [...first.filter((alarmId) => !ended.includes(alarmId)), ...second];
    const isComplete = () => made.toldInDigest().size >= active.length;
    await waitFor(isComplete, 'every active alarm in a digest', patience);

    assert.deepEqual([...made.toldInDigest()].toSorted(), active.toSorted());
    const byId = new Map(made.digests.map((digest) => [digest.id, digest]));
    for (const digest of made.digests) assert.deepEqual(digest, byId.get(digest.id), 'a repeat is the same digest');
    const told = [...byId.values()].flatMap(({ alarmIds }) => alarmIds);
    assert.equal(told.length, new Set(told).size, 'no alarm is in two digests');
    await waitFor(() => new Set(made.toldAtOnce).size === 80, 'the other user to be told of each alarm', patience);
    const isRecorded = async () => {
      const inside = (await world.records('sent')).filter(({ value }) => value.id === made.methods.inDigest);
      const recorded = new Set(inside.map(({ value }) => value.alarm_id));
      return active.every((alarmId) => recorded.has(alarmId));
    };
    await waitFor(isRecorded, 'a record of each alarm inside', patience);
    assert.deepEqual(await world.records('dead'), []);
    assert.equal(await engine.stop(), 0);
  });

  it('gets its digests from services of their own, if the engine shall make none', async (t) => {
    const made = await DigestMethods.create(t, { 'digest.embedded': false, 'digest.lock': 'partition' });
    const { world } = made;
    const engine = await world.startActive(made.changes);
    const services = [new DigestProcess(made.words), new DigestProcess(made.words)];
    t.after(() => Promise.all(services.map((one) => one.end('SIGKILL'))));
    for (const one of services) one.start();
    const areSharing = () => services.every(({ ownedWorkers }) => ownedWorkers.size === 1);
    await waitFor(areSharing, 'each service to own one of the two workers', patience);
    const first = await made.send(20);
    await world.caughtUp();

    const command = await made.commander(t);
    await command();
    await waitFor(() => made.toldInDigest().size === 20, 'a digest of the first alarms', patience);
    await Promise.all(services.map((one) => one.end('SIGKILL')));
    const second = await made.send(20);
    await world.caughtUp();
    await command();
    services[0]?.start();
    const active = [...first, ...second];
    await waitFor(() => made.toldInDigest().size === active.length, 'a digest of the second ones', patience);

    assert.deepEqual([...made.toldInDigest()].toSorted(), active.toSorted());
    assert.equal(made.digests.length, 2);
    assert.deepEqual(await engine.workerPids('digest'), []);
    assert.equal(engine.named('digest_took_over').length, 0);
    assert.equal(await services[0]?.end('SIGTERM'), 0);
    assert.equal(await engine.stop(), 0);
  });
});
