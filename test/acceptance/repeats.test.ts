import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { randomName } from '../support/random-name.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Changes, type Definition, type SentAlarm, World } from '../support/world.js';

const periodMs = 2_000;
const slowly = { timeoutMs: 60_000 };

/** An alarm that fires, and whom it tells every two seconds. */
interface Firing {
  readonly alarm: SentAlarm;
  readonly hook: string;
  readonly definition: Definition;
}

describe('a method that asks for repeats', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  const topic = randomName('repeats');
  const changes: Changes = { 'kafka.periodic': { '2': topic }, 'zookeeper.session_timeout_seconds': 2 };
  let world: World;

  before(async () => {
    world = await World.create(suite);
  });

  async function fires(): Promise<Firing> {
    const hook = await world.webhook();
    await world.database.run('UPDATE notification_method SET period = 2 WHERE id = ?', [hook]);
    const definition = await world.definition(hook);
    await world.database.run("INSERT INTO alarm_action VALUES (?, 'OK', ?)", [definition.id, hook]);
    const [alarm] = await world.send(1, definition);
    assert.ok(alarm !== undefined);
    const columns = 'id, alarm_definition_id, state, created_at, updated_at';
    const row = `INSERT INTO alarm (${columns}) VALUES (?, ?, 'ALARM', now(), now())`;
    await world.database.run(row, [alarm.alarmId, definition.id]);
    return { alarm, hook, definition };
  }

  const postsFor = ({ hook }: Firing) => world.http.requests.filter(({ path }) => path === `/${hook}`);
  const idsFor = (firing: Firing) => postsFor(firing).map(({ headers }) => String(headers['webhook-id']));
  /** The id of the n-th repeat; 0 is the first telling. */
  const idOf = ({ alarm, hook }: Firing, repeat: number) =>
    notificationId({ topic: world.topic, ...alarm }, hook, repeat);
  const told = (firing: Firing, count: number) =>
    waitFor(() => postsFor(firing).length >= count, `${count} tellings`, slowly);

  async function recordsFor({ alarm }: Firing) {
    const records = await world.records('sent');
    return records.map(({ value }) => value).filter(({ alarm_id }) => alarm_id === alarm.alarmId);
  }

  /** The alarm is over: its owner hears of that, and of nothing after it. */
  async function ends(firing: Firing): Promise<void> {
    await world.database.run("UPDATE alarm SET state = 'OK' WHERE id = ?", [firing.alarm.alarmId]);
    await world.send(1, firing.definition, { alarmId: firing.alarm.alarmId, newState: 'OK', oldState: 'ALARM' });
    const superseded = async () => (await recordsFor(firing)).filter(({ outcome }) => outcome === 'superseded');
    await waitFor(async () => (await superseded()).length === 1, 'the end of the repeats', slowly);
    const isOver = async () => (await recordsFor(firing)).some(({ state }) => state === 'OK');
    await waitFor(isOver, 'the record of OK', slowly);
    const [record] = await superseded();
    assert.equal(record?.detail, 'the alarm is in state OK');
    const states = postsFor(firing).map(({ body }) => JSON.parse(body).state);
    assert.deepEqual(states.slice(states.indexOf('OK')), ['OK']);
  }

  it('is told every period, without drift, each time under an id of its own, until the alarm is over', async () => {
    const engine = await world.startActive(changes);
    const firing = await fires();
    await told(firing, 5);
    const posts = postsFor(firing).slice(0, 5);
    assert.deepEqual(
      idsFor(firing).slice(0, 5),
      [0, 1, 2, 3, 4].map((repeat) => idOf(firing, repeat)),
    );
    const waiting = (await world.kafka.records(topic)).map(({ value }) => JSON.parse(Buffer.from(value).toString()));
    const [first] = waiting;
    for (const [index, { receivedAtMs }] of posts.entries()) {
      const lateMs = receivedAtMs - (Number(first?.sent_at) + index * periodMs);
      console.log(`telling ${index} arrived ${lateMs} ms after its time`);
      assert.ok(index === 0 || (lateMs >= -5 && lateMs < 1_000), `telling ${index} is ${lateMs} ms late`);
    }
    for (const [index, { not_before }] of waiting.entries())
      assert.equal(not_before, first.sent_at + (index + 1) * periodMs);
    assert.match((await engine.get('/metrics')).text, /^mon_notification_repeats_waiting [01]$/m);
    assert.ok((await engine.status()).repeats_waiting <= 1);
    await ends(firing);
    assert.equal(
      (await recordsFor(firing)).filter(({ outcome }) => outcome === 'sent').length,
      postsFor(firing).length,
    );
    assert.equal(await engine.stop(), 0);
  });

  it('is told once for what was missed while no engine ran, and then in its old rhythm', async () => {
    const engine = await world.startActive(changes);
    const firing = await fires();
    await told(firing, 2);
    assert.equal(await engine.stop(), 0);
    const beforeCount = postsFor(firing).length;
    const stoppedAtMs = Date.now();
    await waitFor(() => Date.now() > stoppedAtMs + 3 * periodMs, 'three periods', slowly);
    const next = await world.startActive(changes);
    await told(firing, beforeCount + 3);
    const all: readonly string[] = Array.from({ length: 40 }, (_, n) => idOf(firing, n));
    const numbers = idsFor(firing).map((id) => all.indexOf(id));
    assert.deepEqual(
      numbers.slice(0, beforeCount + 3),
      Array.from({ length: beforeCount + 3 }, (_, n) => n),
    );
    const times = postsFor(firing).map(({ receivedAtMs }) => receivedAtMs);
    const [caughtUp = 0, following = 0] = times.slice(beforeCount);
    assert.ok(following - caughtUp >= periodMs / 2 - 100, 'what was missed is told once');
    await ends(firing);
    assert.equal(await next.stop(), 0);
  });

  it('is told by the next engine when one dies, by the same numbers', async () => {
    const engine = await world.startActive(changes);
    const standby = await world.start(changes);
    const firing = await fires();
    await told(firing, 3);
    for (const pid of await engine.allPids()) process.kill(pid, 'SIGKILL');
    await standby.becomes('active');
    await told(firing, 7);
    const ids = new Set(idsFor(firing));
    for (let repeat = 0; repeat < 6; repeat += 1) assert.ok(ids.has(idOf(firing, repeat)), `repeat ${repeat}`);
    await ends(firing);
    assert.equal(await standby.stop(), 0);
  });

  it('is told once, with a warning, when its period has no topic', async () => {
    const engine = await world.startActive(changes);
    const hook = await world.webhook();
    await world.database.run('UPDATE notification_method SET period = 7 WHERE id = ?', [hook]);
    const [alarm] = await world.send(1, await world.definition(hook));
    await world.caughtUp();
    const [line] = engine.named('period_without_topic');
    assert.deepEqual([line?.level, line?.method_id, line?.period_seconds], ['warn', hook, 7]);
    assert.equal(postsFor({ alarm: alarm as SentAlarm, hook, definition: { id: '', methodIds: [] } }).length, 1);
    assert.equal(await engine.stop(), 0);
  });
});
