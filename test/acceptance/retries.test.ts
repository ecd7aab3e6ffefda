import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import type { EngineProcess } from '../support/engine-process.js';
import { repoRoot } from '../support/repo.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type OutputRecord, type SentAlarm, World } from '../support/world.js';

const busy = { status: 503 };
/** Another time, for this one: says nothing of the receiver, so that every alarm is tried. */
const later = { status: 429, headers: { 'retry-after': '0' } };
const slowly = { timeoutMs: 60_000 };

/** Requests for one alarm at one method, in the order of arrival. */
function postsFor(world: World, { alarmId }: SentAlarm) {
  return world.http.requests.filter(({ body }) => JSON.parse(body).alarm_id === alarmId);
}

async function recordsFor(world: World, of: 'sent' | 'retry' | 'dead', { alarmId }: SentAlarm) {
  const records = await world.records(of);
  return records.map(({ value }) => value).filter((value) => value.alarm_id === alarmId);
}

/** The numbers of the failed attempts. */
function historyOf(value: OutputRecord['value'] | undefined): readonly number[] {
  return ((value?.history ?? []) as { attempt: number }[]).map(({ attempt }) => attempt);
}

async function single(sent: Promise<readonly SentAlarm[]>): Promise<SentAlarm> {
  const [alarm] = await sent;
  assert.ok(alarm !== undefined);
  return alarm;
}

describe('a send that fails for a passing reason', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let engine: EngineProcess;

  before(async () => {
    world = await World.create(suite);
    engine = await world.startActive({ 'retry.interval': 0.6, 'retry.max_attempts': 2, 'processors.alarm.ttl': 3600 });
  });

  it('is tried again until the receiver takes it, under the same id, and every attempt is on record (S1) (H1)', async () => {
    const hook = await world.webhook();
    world.http.answer(`/${hook}`, busy, busy, {});
    const alarm = await single(world.send(1, await world.definition(hook)));
    await waitFor(async () => (await recordsFor(world, 'sent', alarm)).length === 1, 'the record', slowly);
    const posts = postsFor(world, alarm);
    const id = notificationId({ topic: world.topic, ...alarm }, hook);
    assert.deepEqual(
      posts.map(({ headers }) => headers['webhook-id']),
      [id, id, id],
    );
    const retries = await recordsFor(world, 'retry', alarm);
    assert.deepEqual(
      retries.map(({ attempt, retry_count, notification_id }) => [attempt, retry_count, notification_id]),
      [
        [1, 0, id],
        [2, 1, id],
      ],
    );
    for (const [index, { not_before }] of retries.entries()) {
      const lateMs = (posts[index + 1]?.receivedAtMs ?? 0) - Number(not_before);
      console.log(`retry ${index + 1} arrived ${lateMs} ms after it was due`);
      assert.ok(lateMs >= -5 && lateMs < 1_000, `${lateMs} ms late`);
    }
    const [record] = await recordsFor(world, 'sent', alarm);
    const { attempt, retry_count, outcome, source_topic, source_offset } = record ?? {};
    assert.deepEqual([attempt, retry_count, outcome], [3, 2, 'sent']);
    assert.deepEqual([source_topic, source_offset], [world.topic, String(alarm.offset)]);
    assert.deepEqual(historyOf(record), [1, 2]);
  });

  it('is parked with its history when the attempts are used up (S1) (H1)', async () => {
    const hook = await world.webhook();
    world.http.answer(`/${hook}`, busy);
    const alarm = await single(world.send(1, await world.definition(hook)));
    await waitFor(async () => (await recordsFor(world, 'dead', alarm)).length === 1, 'the dead letter', slowly);
    const [letter] = await recordsFor(world, 'dead', alarm);
    assert.deepEqual([letter?.outcome, letter?.reason, letter?.attempt], ['dead', 'attempts_used_up', 3]);
    assert.deepEqual(historyOf(letter), [1, 2, 3]);
    assert.equal(postsFor(world, alarm).length, 3);
  });

  it('is superseded when the alarm has moved on meanwhile', async () => {
    const hook = await world.webhook();
    world.http.answer(`/${hook}`, busy, {});
    const definition = await world.definition(hook);
    const alarm = await single(world.send(1, definition));
    const columns = 'id, alarm_definition_id, state, created_at, updated_at';
    await world.database.run(`INSERT INTO alarm (${columns}) VALUES (?, ?, 'OK', now(), now())`, [
      alarm.alarmId,
      definition.id,
    ]);
    await waitFor(async () => (await recordsFor(world, 'sent', alarm)).length === 1, 'the record', slowly);
    const [record] = await recordsFor(world, 'sent', alarm);
    assert.deepEqual([record?.outcome, record?.attempt], ['superseded', 1]);
    assert.equal(postsFor(world, alarm).length, 1);
  });

  it('goes to the new address when the method was changed, and is parked when it was deleted', async () => {
    const [changed, gone, other] = [await world.webhook(), await world.webhook(), await world.webhook()];
    world.http.answer(`/${changed}`, busy);
    world.http.answer(`/${gone}`, busy);
    const alarm = await single(world.send(1, await world.definition(changed, gone)));
    await waitFor(() => postsFor(world, alarm).length === 2, 'two first attempts');
    await world.database.run('UPDATE notification_method SET address = ? WHERE id = ?', [
      `${world.http.url}/${other}`,
      changed,
    ]);
    await world.database.run('DELETE FROM alarm_action WHERE action_id = ?', [gone]);
    await world.database.run('DELETE FROM notification_method WHERE id = ?', [gone]);
    await waitFor(async () => (await recordsFor(world, 'dead', alarm)).length === 1, 'the dead letter', slowly);
    await waitFor(async () => (await recordsFor(world, 'sent', alarm)).length === 1, 'the record', slowly);
    const [letter] = await recordsFor(world, 'dead', alarm);
    assert.deepEqual([letter?.id, letter?.reason, letter?.attempt], [gone, 'method_gone', 1]);
    assert.equal(postsFor(world, alarm).at(-1)?.path, `/${other}`);
  });

  it('of the ancestor is sent too, and what cannot be read is parked', async () => {
    const hook = await world.webhook();
    const golden = JSON.parse(await readFile(join(repoRoot(), 'test/data/golden-plugins.json'), 'utf8'));
    const record = golden.record.expect as Record<string, unknown>;
    const raw = { ...(record.raw_alarm as object), timestamp: Date.now(), alarmId: 'of-the-ancestor' };
    const inherited = {
      ...record,
      id: hook,
      raw_alarm: raw,
      alarm_id: 'of-the-ancestor',
      notification_timestamp: null,
    };
    await world.kafka.produce(world.topics.retry, [
      { partition: 0, value: 'no record' },
      { partition: 0, value: JSON.stringify(inherited) },
    ]);
    await waitFor(() => world.http.requests.some(({ path }) => path === `/${hook}`), 'the post', slowly);
    const letters = (): Promise<readonly OutputRecord[]> => world.records('dead');
    const isLetter = ({ value }: OutputRecord) => value.raw_base64 === Buffer.from('no record').toString('base64');
    await waitFor(async () => (await letters()).some(isLetter), 'the broken record', slowly);
    const ends = await world.kafka.logEnds(world.topics.retry);
    const isCommitted = async () => {
      const committed = await world.zookeeper.committed(world.topics.retry);
      return [...ends].every(([partition, end]) => end === 0n || committed.get(partition) === end);
    };
    await waitFor(isCommitted, 'the end of the retry topic', slowly);
    // The worker tells its figures to main now and then.
    await waitFor(async () => (await engine.status()).retries_waiting === 0, 'none waiting', slowly);
    assert.equal(await engine.stop(), 0);
  });
});

describe('200 retries that wait', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  const count = 200;
  const intervalMs = 12_000;
  const changes = { 'zookeeper.session_timeout_seconds': 2, 'retry.interval': intervalMs / 1000 };
  let world: World;
  let hook: string;

  /** Sends alarms to a receiver that takes none of them until it is made well, and waits until all of them wait. */
  async function waiting(engine: EngineProcess): Promise<readonly SentAlarm[]> {
    world.http.answer(`/${hook}`, later);
    const from = world.http.requestCount;
    const sent = await world.send(count, await world.definition(hook));
    await waitFor(() => world.http.requestCount >= from + count, 'first attempts', slowly);
    await waitFor(async () => (await engine.status()).retries_waiting === count, 'all of them waiting', slowly);
    await world.caughtUp();
    return sent;
  }

  /** Every one is taken once, whatever was refused before, and recorded once. Answers with the records by notification id. */
  async function toldOnce(sent: readonly SentAlarm[]): Promise<ReadonlyMap<string, OutputRecord['value']>> {
    const alarmIds = new Set(sent.map(({ alarmId }) => alarmId));
    const records = async () =>
      (await world.records('sent')).map(({ value }) => value).filter(({ alarm_id }) => alarmIds.has(`${alarm_id}`));
    await waitFor(async () => (await records()).length >= count, 'all records', slowly);
    const taken = world.http.requests.filter(
      ({ status, body }) => status === 200 && alarmIds.has(JSON.parse(body).alarm_id),
    );
    const byId = new Map((await records()).map((value) => [`${value.notification_id}`, value]));
    assert.equal(byId.size, count);
    assert.deepEqual(taken.map(({ headers }) => `${headers['webhook-id']}`).sort(), [...byId.keys()].sort());
    assert.equal((await world.records('dead')).length, 0);
    return byId;
  }

  /** The same, and every post was an attempt on record. */
  async function toldAsRecorded(sent: readonly SentAlarm[]): Promise<void> {
    for (const [id, { attempt, history }] of await toldOnce(sent)) {
      const posts = world.http.requests.filter(({ headers }) => headers['webhook-id'] === id);
      const failed = (history as readonly unknown[] | undefined) ?? [];
      assert.deepEqual([posts.length, failed.length + 1], [attempt, attempt]);
    }
  }

  async function replaced(engine: EngineProcess, death: number): Promise<void> {
    const isReady = () => engine.named('worker_ready').filter(({ stage }) => stage === 'retry_engine').length > death;
    await waitFor(isReady, 'a replacement', slowly);
  }

  before(async () => {
    world = await World.create(suite);
    hook = await world.webhook();
  });

  it('survive the death of the retry engine, are told once each, and are counted', async () => {
    const engine = await world.startActive(changes);
    const sent = await waiting(engine);
    world.http.answer(`/${hook}`, {});
    const [victim = 0] = await engine.workerPids('retry_engine');
    process.kill(victim, 'SIGKILL');
    await replaced(engine, 1);
    await toldAsRecorded(sent);
    await waitFor(async () => (await engine.status()).retries_waiting === 0, 'none waiting', slowly);
    assert.match((await engine.get('/metrics')).text, /^mon_notification_retries_waiting 0$/m);
    assert.equal(await engine.stop(), 0);
  });

  it('survive the death of the retry engine while they are under way', async () => {
    const engine = await world.startActive({ ...changes, 'retry.interval': 1 });
    const from = world.http.requestCount;
    world.http.answer(`/${hook}`, ...Array(count).fill(later), { delayMs: 30 });
    const sent = await world.send(count, await world.definition(hook));
    for (let death = 1; death <= 3; death += 1) {
      await waitFor(() => world.http.requestCount >= from + count + death * 30, 'retries', slowly);
      const [victim = 0] = await engine.workerPids('retry_engine');
      process.kill(victim, 'SIGKILL');
      await replaced(engine, death);
    }
    await toldAsRecorded(sent);
    assert.equal(await engine.stop(), 0);
  });

  it('survive the death of the whole engine, and are told by the next one', async () => {
    const engine = await world.startActive(changes);
    const standby = await world.start(changes);
    const sent = await waiting(engine);
    for (const pid of await engine.allPids()) process.kill(pid, 'SIGKILL');
    world.http.answer(`/${hook}`, {});
    await standby.becomes('active');
    await toldOnce(sent);
    assert.equal(await standby.stop(), 0);
  });

  it('do not delay a stop, and go on after the next start', async () => {
    const engine = await world.startActive(changes);
    const sent = await waiting(engine);
    const askedAtMs = Date.now();
    assert.equal(await engine.stop(), 0);
    const tookMs = Date.now() - askedAtMs;
    console.log(`stopped with ${count} waiting in ${tookMs} ms`);
    assert.ok(tookMs < intervalMs, `stopped in ${tookMs} ms, when what waited was due`);
    assert.deepEqual(engine.named('stop_forced'), []);
    world.http.answer(`/${hook}`, {});
    const next = await world.startActive(changes);
    await toldAsRecorded(sent);
    assert.equal(await next.stop(), 0);
  });
});
