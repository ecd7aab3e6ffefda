import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { alarmFields } from '../support/alarms.js';
import type { EngineProcess } from '../support/engine-process.js';
import { metricOf } from '../support/metric-of.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Definition, type OutputRecord, World } from '../support/world.js';

const alarm = (changes: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ 'alarm-transitioned': alarmFields({ timestamp: Date.now(), ...changes }) });

/** What is no alarm, by what is wrong with it. */
const malformed: Readonly<Record<string, string | Buffer | null>> = {
  'no JSON': 'not json',
  'nearly JSON': "{ 'invalid_json': true }",
  'a tombstone': null,
  'bytes that are not UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  'a list': '[]',
  'a text': '"text"',
  'an empty object': '{}',
  'another event': '{"alarm-created":{}}',
  'an alarm without fields': '{"alarm-transitioned":{"invalid":"invalid_alarm"}}',
  'actionsEnabled that is null': alarm({ actionsEnabled: null }),
  'a timestamp that is text': alarm({ timestamp: '1429023453632' }),
  'a timestamp that is null': alarm({ timestamp: null }),
  'a definition id that is an object': alarm({ alarmDefinitionId: {} }),
  ...Object.fromEntries(
    ['tenantId', 'alarmId', 'alarmName', 'oldState', 'newState', 'stateChangeReason', 'timestamp'].map((field) => [
      `no ${field}`,
      alarm({ [field]: undefined }),
    ]),
  ),
};

describe('the outcome of', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let engine: EngineProcess;
  let good: Definition;

  before(async () => {
    world = await World.create(suite, { partitionCount: 2 });
    good = await world.definition(await world.webhook());
    engine = await world.startActive({ 'notification_types.webhook.timeout': 3, 'retry.interval': 120 });
  });

  const counted = async (reason: string) =>
    metricOf((await engine.get('/metrics')).text, 'alarms_finished_total', { reason });

  /** Sends one alarm to the method and answers with its only record, which must lie on this topic. */
  async function recordOf(methodId: string, on: 'sent' | 'retry' | 'dead'): Promise<OutputRecord> {
    const [sent] = await world.send(1, await world.definition(methodId));
    await world.caughtUp();
    const found = [];
    for (const topic of ['sent', 'retry', 'dead'] as const) {
      const records = await world.records(topic);
      found.push(
        ...records.filter(({ value }) => value.alarm_id === sent?.alarmId).map((record) => ({ topic, record })),
      );
    }
    assert.deepEqual(
      found.map(({ topic }) => topic),
      [on],
    );
    const [first] = found;
    assert.ok(first !== undefined);
    assert.equal(first.record.headers['notification-outcome'], first.record.value.outcome);
    return first.record;
  }

  it('everything that is no alarm is its own bytes on the dead-letter topic, with the reason (D1)', async () => {
    const cases = Object.entries(malformed);
    const at = await world.kafka.produce(
      world.topic,
      cases.map(([, value], index) => ({ partition: index % 2, value })),
    );
    await world.caughtUp();
    const parked = new Map((await world.records('dead')).map((record) => [record.key, record]));
    for (const [index, [what, value]] of cases.entries()) {
      const record = parked.get(`${world.topic}/${at[index]?.partition}/${at[index]?.offset}`);
      assert.ok(record !== undefined, `${what} is not parked`);
      assert.deepEqual([record.value.outcome, record.value.reason], ['malformed', 'malformed'], what);
      assert.equal(String(record.value.raw_base64), Buffer.from(value ?? '').toString('base64'), what);
      assert.ok(String(record.value.detail).length > 10, what);
      assert.equal(record.headers['notification-outcome'], 'malformed');
    }
    assert.equal(parked.size, cases.length);
    await waitFor(async () => (await counted('malformed')) === cases.length, 'the count of malformed alarms');
    assert.equal(world.http.requestCount, 0);
  });

  it('alarms that are too old, switched off or asked for by nobody is a count (D5)', async () => {
    const hourMs = 3_600_000;
    await world.send(3, good, { timestamp: Date.now() - 5 * hourMs });
    await world.send(2, good, { actionsEnabled: false });
    await world.send(4, await world.definition());
    await world.send(1, good, { newState: 'OK' });
    await world.caughtUp();
    const counts = async () => [await counted('expired'), await counted('disabled'), await counted('no_methods')];
    await waitFor(async () => String(await counts()) === '3,2,5', 'the counts');
    assert.equal(world.http.requestCount, 0);
  });

  it('an alarm of 2014, and one that only decorates wrongly, is a notification', async () => {
    const old = { metrics: undefined, severity: undefined, link: undefined, lifecycleState: undefined };
    const definition = await world.definition(await world.webhook());
    const before = world.http.requestCount;
    await world.send(1, definition, { ...old, actionsEnabled: undefined, timestamp: Math.floor(Date.now() / 1000) });
    await world.send(1, definition, { metrics: 'cpu_util', actionsEnabled: 1 });
    await world.caughtUp();
    assert.equal(world.http.requestCount - before, 2);
  });

  it('a refusal by the receiver is dead, for good (H3)', async () => {
    world.http.answer('/gone', { status: 404 });
    const { value } = await recordOf(await world.webhook(`${world.http.url}/gone`), 'dead');
    assert.deepEqual([value.outcome, value.reason, value.attempt], ['dead', 'refused', 1]);
    assert.match(String(value.detail), /404/);
  });

  it('trouble of the receiver is another attempt, not before the interval (H3)', async () => {
    world.http.answer('/busy', { status: 503 });
    world.http.answer('/silent', { instead: 'hang' });
    world.http.answer('/reset', { instead: 'reset' });
    const addresses = ['busy', 'silent', 'reset'].map((path) => `${world.http.url}/${path}`);
    const cases = [
      [addresses[0], 'server_error'],
      [addresses[1], 'timed_out|outcome_unknown'],
      [addresses[2], 'outcome_unknown|unreachable'],
      ['http://127.0.0.1:9/nobody', 'unreachable'],
    ] as const;
    const check = async ([address, failure]: (typeof cases)[number]) => {
      const beforeMs = Date.now();
      const { value } = await recordOf(await world.webhook(address), 'retry');
      assert.deepEqual([value.outcome, value.attempt, value.reason], ['retrying', 1, null], address);
      const [tried] = value.history as { attempt: number; at: number; failure: string }[];
      assert.match(String(tried?.failure), new RegExp(`^(${failure})$`), address);
      assert.ok(Number(value.not_before) >= beforeMs + 60_000, `not_before ${value.not_before}, sent at ${beforeMs}`);
    };
    await Promise.all(cases.map(check));
  });

  it('a method that cannot be used is dead, whatever the reason (M4)', async () => {
    await world.database.method({ id: 'pigeon', type: 'PIGEON', address: 'coop' });
    const unknown = await recordOf('pigeon', 'dead');
    assert.deepEqual([unknown.value.reason, unknown.value.attempt], ['unknown_type', 0]);
    const check = async (address: string | null) => {
      const { value } = await recordOf(await world.webhook(address), 'dead');
      assert.equal(value.reason, 'bad_method', String(address));
    };
    await Promise.all([null, '', 'no address', 'ftp://example.org/x'].map(check));
    assert.equal((await recordOf(await world.mailbox('nobody'), 'dead')).value.reason, 'bad_method');
    const inside = await recordOf(await world.webhook('http://10.0.0.1/hook'), 'dead');
    assert.equal(inside.value.reason, 'refused');
  });

  it('a mail is what the relay says: 550 dead, 451 another attempt', async () => {
    world.mail.answer('gone@example.org', { code: 550 });
    world.mail.answer('later@example.org', { code: 451 });
    const dead = await recordOf(await world.mailbox('gone@example.org'), 'dead');
    assert.deepEqual([dead.value.outcome, dead.value.reason], ['dead', 'refused']);
    const later = await recordOf(await world.mailbox('later@example.org'), 'retry');
    assert.deepEqual([later.value.outcome, later.value.reason], ['retrying', null]);
  });

  it('one bad method does not touch the good ones of the same alarm (M4)', async () => {
    world.http.answer('/bad', { status: 400 });
    const bad = await world.webhook(`${world.http.url}/bad`);
    const fine = await world.webhook();
    const mailbox = await world.mailbox();
    const [sent] = await world.send(1, await world.definition(bad, fine, mailbox, await world.webhook(null)));
    await world.caughtUp();
    const received = world.receipts().filter(({ alarmId }) => alarmId === sent?.alarmId);
    assert.deepEqual(new Set(received.map(({ methodId }) => methodId)), new Set(['bad', fine, mailbox]));
    const dead = (await world.records('dead')).filter(({ value }) => value.alarm_id === sent?.alarmId);
    assert.deepEqual(new Set(dead.map(({ value }) => value.reason)), new Set(['refused', 'bad_method']));
    assert.equal(await engine.stop(), 0);
  });
});
