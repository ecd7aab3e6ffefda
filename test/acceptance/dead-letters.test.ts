import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { runCommand } from '../support/command-run.js';
import type { EngineProcess } from '../support/engine-process.js';
import { metricOf } from '../support/metric-of.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type SentAlarm, World } from '../support/world.js';

interface Listed {
  readonly dead_letters: readonly Readonly<Record<string, unknown>>[];
}

const refusal = { status: 404 };

describe('dead letters', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let config: string;
  let engine: EngineProcess;

  before(async () => {
    world = await World.create(suite, { partitionCount: 2 });
    config = await world.configure();
    engine = await world.startActive({ 'retry.interval': 0.2, 'retry.max_attempts': 1 });
  });

  const letters = (verb: string, ...words: string[]) => runCommand('dead-letters', verb, '--config', config, ...words);

  async function listed(...words: string[]) {
    const { code, out, err } = await letters('list', '--json', ...words);
    assert.equal(code, 0, err);
    return (JSON.parse(out) as Listed).dead_letters;
  }

  const idOf = (alarm: SentAlarm, methodId: string) => notificationId({ topic: world.topic, ...alarm }, methodId);
  const posts = (path: string) => world.http.requests.filter((request) => request.path === `/${path}`);

  async function parked(count: number, hook: string): Promise<readonly SentAlarm[]> {
    world.http.answer(`/${hook}`, refusal);
    const sent = await world.send(count, await world.definition(hook));
    await waitFor(async () => (await listed('--type', 'webhook')).length >= count, `${count} letters`);
    return sent;
  }

  it('list: shows none at first', async () => {
    assert.deepEqual(await listed(), []);
    const { out, err } = await letters('list');
    assert.deepEqual([out, /^no letters are parked$/m.test(err)], ['', true]);
  });

  it('replay: the notification arrives under the same id, and its letter is off the list', async () => {
    const hook = await world.webhook();
    const [alarm] = await parked(1, hook);
    assert.ok(alarm !== undefined);
    const id = idOf(alarm, hook);
    const [letter] = await listed('--alarm', alarm.alarmId);
    assert.deepEqual(
      [letter?.id, letter?.reason, letter?.outcome, letter?.type, letter?.method_id, letter?.attempt],
      [id, 'refused', 'dead', 'webhook', hook, 1],
    );
    world.http.answer(`/${hook}`, {});
    const { code, out, err } = await letters('replay', id);
    assert.deepEqual([code, out], [0, `${id} replayed\n`], err);
    await waitFor(() => posts(hook).length === 2, 'the replay');
    assert.deepEqual(
      posts(hook).map(({ headers }) => headers['webhook-id']),
      [id, id],
    );
    assert.deepEqual(await listed(), []);
    await waitFor(async () => (await world.records('sent')).some(({ key }) => key === id), 'the record');
    const record = (await world.records('sent')).find(({ key }) => key === id);
    assert.deepEqual([record?.value.attempt, record?.value.parked_for], [1, 'refused']);
    assert.equal(
      metricOf((await engine.get('/metrics')).text, 'dead_letters_replayed_total', { reason: 'refused' }),
      1,
    );
    const again = await letters('replay', id);
    assert.deepEqual([again.code, again.out, /was replayed at .*nothing to do/.test(again.err)], [0, '', true]);
    assert.equal(posts(hook).length, 2);
  });

  it('replay: what fails again is tried as often as a new one, and parked again', async () => {
    const hook = await world.webhook();
    const [alarm] = await parked(1, hook);
    assert.ok(alarm !== undefined);
    const id = idOf(alarm, hook);
    world.http.answer(`/${hook}`, { status: 503 });
    assert.equal((await letters('replay', id)).code, 0);
    await waitFor(async () => (await listed('--reason', 'attempts_used_up')).length === 1, 'the second letter');
    assert.equal(posts(hook).length, 3);
    const [letter] = await listed();
    assert.deepEqual([letter?.id, letter?.attempt], [id, 2]);
    world.http.answer(`/${hook}`, {});
    assert.equal((await letters('replay', id)).code, 0);
    await waitFor(() => posts(hook).length === 4, 'the last one');
    assert.deepEqual(await listed(), []);
  });

  it('replay --all: takes what matches and leaves the rest', async () => {
    const [hook, other] = [await world.webhook(), await world.webhook('no address')];
    const sent = await parked(150, hook);
    await world.send(1, await world.definition(other));
    await waitFor(async () => (await listed('--reason', 'bad_method')).length === 1, 'a letter of another reason');
    world.http.answer(`/${hook}`, {});
    const { code, out, err } = await letters('replay', '--all', '--reason', 'refused', '--since', '1h', '--json');
    assert.equal(code, 0, err);
    const ids = sent.map((alarm) => idOf(alarm, hook)).sort();
    assert.deepEqual(JSON.parse(out).replayed.sort(), ids);
    await waitFor(() => posts(hook).length === 300, 'all of them');
    assert.deepEqual([...new Set(posts(hook).map(({ headers }) => headers['webhook-id']))].sort(), ids);
    const left = await listed();
    assert.deepEqual(
      left.map(({ reason }) => reason),
      ['bad_method'],
    );
    const discarded = await letters('discard', String(left[0]?.id));
    assert.deepEqual([discarded.code, await listed()], [0, []], discarded.err);
    const again = await letters('discard', String(left[0]?.id));
    assert.deepEqual([again.code, /was discarded at/.test(again.err)], [0, true]);
  });

  it('show and replay: a malformed message comes with its bytes and keeps its place', async () => {
    const raw = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    const [at] = await world.kafka.produce(world.topic, [{ partition: 1, value: raw }]);
    const id = `${world.topic}/1/${at?.offset}`;
    await waitFor(async () => (await listed('--reason', 'malformed')).length === 1, 'the letter');
    const shown = await letters('show', id, '--json');
    const document = JSON.parse(shown.out);
    assert.deepEqual([document.reason, document.source], ['malformed', `${world.topic}/1@${at?.offset}`]);
    assert.equal(document.raw_base64, raw.toString('base64'));
    assert.match((await letters('show', id)).out, /reason +malformed\n(.*\n)*detail +.*UTF-8/);
    assert.equal((await letters('replay', id)).code, 0);
    await waitFor(async () => (await world.records('dead')).filter(({ key }) => key === id).length === 3, 'it again');
    const [letter] = await listed();
    assert.deepEqual([letter?.id, letter?.source], [id, `${world.topic}/1@${at?.offset}`]);
    assert.equal((await letters('discard', id)).code, 0);
  });

  it('replay: an alarm that was quarantined is told under the id of its first place (D3)', async () => {
    const hook = await world.webhook();
    const [alarm] = await world.send(1, await world.definition(hook));
    assert.ok(alarm !== undefined);
    await waitFor(() => posts(hook).length === 1, 'the first telling');
    const message = (await world.kafka.records(world.topic)).find(
      ({ partition, offset }) => partition === alarm.partition && offset === alarm.offset,
    );
    // As the engine parks an item that has killed two workers.
    const id = `${world.topic}/${alarm.partition}/${alarm.offset}`;
    const value = {
      ...{ outcome: 'dead', reason: 'killed_workers', detail: 'two workers died', instance: 'test' },
      ...{ source_topic: world.topic, source_partition: alarm.partition, source_offset: String(alarm.offset) },
      raw_base64: Buffer.from(message?.value ?? []).toString('base64'),
    };
    await world.kafka.produce(world.topics.dead, [{ partition: 0, key: id, value: JSON.stringify(value) }]);
    assert.equal((await letters('replay', '--all', '--reason', 'killed_workers')).code, 0);
    await waitFor(() => posts(hook).length === 2, 'the replay');
    assert.equal(posts(hook)[1]?.headers['webhook-id'], idOf(alarm, hook));
    await world.caughtUp();
    assert.deepEqual(await listed(), []);
  });

  it('replay: is sent however old it is, but not when its alarm has moved on', async () => {
    const [late, moved] = [await world.webhook(), await world.webhook()];
    for (const hook of [late, moved]) world.http.answer(`/${hook}`, refusal);
    const old = { timestamp: Date.now() - 14_390_000 };
    const [lateAlarm] = await world.send(1, await world.definition(late), old);
    const definition = await world.definition(moved);
    const [movedAlarm] = await world.send(1, definition);
    assert.ok(lateAlarm !== undefined && movedAlarm !== undefined);
    await waitFor(async () => (await listed()).length === 2, 'two letters');
    const columns = 'id, alarm_definition_id, state, created_at, updated_at';
    await world.database.run(`INSERT INTO alarm (${columns}) VALUES (?, ?, 'OK', now(), now())`, [
      movedAlarm.alarmId,
      definition.id,
    ]);
    await waitFor(() => Date.now() - old.timestamp > 14_400_000, 'the end of its time to live', { timeoutMs: 20_000 });
    for (const hook of [late, moved]) world.http.answer(`/${hook}`, {});
    assert.equal((await letters('replay', '--all', '--reason', 'refused')).code, 0);
    await waitFor(() => posts(late).length === 2, 'the old one');
    const movedId = idOf(movedAlarm, moved);
    const record = async () => (await world.records('sent')).find(({ key }) => key === movedId);
    await waitFor(async () => (await record()) !== undefined, 'the verdict');
    assert.equal((await record())?.value.outcome, 'superseded');
    assert.equal(posts(moved).length, 1);
  });

  it('name what they cannot do', async () => {
    const unknown = await letters('replay', 'unheard-of');
    assert.deepEqual([unknown.code, /unheard-of is not parked/.test(unknown.err)], [1, true]);
    assert.equal((await letters('show', 'unheard-of')).code, 1);
    const all = await letters('replay', '--all');
    assert.deepEqual([all.code, /--all needs at least one of --reason/.test(all.err)], [2, true]);
    const both = await letters('discard', 'x', '--reason', 'refused');
    assert.deepEqual([both.code, /--reason goes together with --all only/.test(both.err)], [2, true]);
    const reason = await letters('list', '--reason', 'bad-luck');
    assert.deepEqual([reason.code, /--reason: expected refused, .*got "bad-luck"/.test(reason.err)], [2, true]);
    assert.equal((await letters('show')).code, 2);
    const away = await world.configure({ 'kafka.url': '127.0.0.1:1' }, 'away');
    const none = await runCommand('dead-letters', 'list', '--config', away, '--timeout', '1');
    assert.deepEqual([none.code, /asked Kafka at 127\.0\.0\.1:1 .*for 1 s.*kafka\.url/.test(none.err)], [1, true]);
  });
});
