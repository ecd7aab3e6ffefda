import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { runCommand } from '../support/command-run.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type SentAlarm, World } from '../support/world.js';

interface Told {
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

describe('history', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let config: string;
  let hook: string;
  let refusing: string;
  let alarm: SentAlarm;

  before(async () => {
    world = await World.create(suite, { partitionCount: 2 });
    config = await world.configure();
    [hook, refusing] = [await world.webhook(), await world.webhook()];
    world.http.answer(`/${hook}`, { status: 503 }, {});
    world.http.answer(`/${refusing}`, { status: 410 }, {});
    await world.startActive({ 'retry.interval': 0.2 });
    await world.send(5, await world.definition(await world.webhook()));
    const [sent] = await world.send(1, await world.definition(hook, refusing), { eventId: 'e'.repeat(32) });
    assert.ok(sent !== undefined);
    alarm = sent;
    await waitFor(async () => (await world.records('sent')).some(({ value }) => value.id === hook), 'the retry');
    const id = idOf(refusing);
    assert.equal((await runCommand('dead-letters', 'replay', '--config', config, id)).code, 0);
    await waitFor(async () => (await world.records('sent')).some(({ key }) => key === id), 'the replay');
    await world.caughtUp();
  });

  const idOf = (methodId: string) => notificationId({ topic: world.topic, ...alarm }, methodId);
  const history = (...words: string[]) => runCommand('history', '--config', config, ...words);

  async function told(...words: string[]) {
    const { code, out, err } = await history('--json', ...words);
    assert.equal(code, 0, err);
    return (JSON.parse(out) as Told).events;
  }

  const whats = (events: Told['events'], methodId?: string) =>
    events.filter((event) => methodId === undefined || event.method_id === methodId).map(({ what }) => what);

  it('follows one alarm from its producer to the outcome of every method', async () => {
    const events = await told('--alarm', alarm.alarmId);
    assert.deepEqual([events[0]?.what, events[0]?.detail], ['alarm', 'OK -> ALARM']);
    assert.deepEqual(whats(events, hook), ['retrying', 'sent']);
    assert.deepEqual(whats(events, refusing), ['dead', 'replayed', 'sent']);
    const dead = events.find(({ what }) => what === 'dead');
    assert.deepEqual([dead?.reason, dead?.id, dead?.attempt], ['refused', idOf(refusing), 1]);
    assert.match(String(dead?.detail), /410/);
    assert.equal(new Set(events.map(({ alarm_id }) => alarm_id)).size, 1);
  });

  it('finds the same by the id of a notification, of an event, of a message', async () => {
    assert.deepEqual(whats(await told('--id', idOf(hook))), ['alarm', 'retrying', 'sent']);
    assert.equal((await told('--id', 'e'.repeat(32))).length, 6);
    assert.equal((await told('--id', `${world.topic}/${alarm.partition}/${alarm.offset}`)).length, 6);
    assert.deepEqual(await told('--id', 'unheard-of'), []);
  });

  it('finds what one method was sent, and all since a time', async () => {
    assert.deepEqual(whats(await told('--method', refusing)), ['alarm', 'dead', 'replayed', 'sent']);
    const all = await told('--since', '1h');
    assert.deepEqual([whats(all).filter((what) => what === 'alarm').length, all.length], [6, 6 + 5 + 2 + 3]);
    assert.deepEqual(await told('--since', '2031-01-01'), []);
  });

  it('says in words for people what happened, how far back it looked, and no address', async () => {
    const { code, out, err } = await history('--alarm', alarm.alarmId);
    assert.equal(code, 0);
    assert.match(out, /Z {2}retrying {4}webhook .*again at .*\n/);
    assert.match(out, /Z {2}dead {8}webhook .*refused, .*410/);
    assert.match(err, /6 events since \d.*, the default: --since reads further back/);
    assert.ok(!out.includes(world.http.url));
  });

  it('refuses what it cannot look for, and says what to check when Kafka is away', async () => {
    const nothing = await history();
    assert.deepEqual([nothing.code, /say what to look for/.test(nothing.err)], [2, true]);
    const time = await history('--since', 'yesterday');
    assert.deepEqual([time.code, /--since: expected a time .*got "yesterday"/.test(time.err)], [2, true]);
    const away = await world.configure({ 'kafka.url': '127.0.0.1:1' }, 'away');
    const none = await runCommand('history', '--config', away, '--alarm', 'a', '--timeout', '1');
    assert.deepEqual([none.code, /asked Kafka at 127\.0\.0\.1:1 .*for 1 s.*kafka\.url/.test(none.err)], [1, true]);
  });
});
