import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { alarmFields } from '../support/alarms.js';
import { runCommand } from '../support/command-run.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { World } from '../support/world.js';

describe('send-alarm to a receiver that is busy', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();

  it('waits for the retry and ends with 0 when that is taken', async () => {
    const world = await World.create(suite, { partitionCount: 1 });
    const hook = await world.webhook();
    world.http.answer(`/${hook}`, { status: 503 }, {});
    const { id } = await world.definition(hook);
    await world.startActive({ 'retry.interval': 1 });
    const words = ['--alarm-id', 'a-1', '--state', 'ALARM', '--definition-id', id];
    const { code, out, err } = await runCommand('send-alarm', '--config', await world.configure(), ...words);
    assert.equal(code, 0, err);
    assert.match(out, /retrying .*again at .*\nwebhook .* sent +\d+ ms\nall sent: 1 method\n$/s);
  });
});

describe('send-alarm', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let config: string;
  let good: string;
  let mixed: string;

  before(async () => {
    world = await World.create(suite, { partitionCount: 2 });
    // A retry that is due within the time to wait is waited for.
    config = await world.configure({ 'retry.interval': 600 });
    const [hook, mail] = [await world.webhook(), await world.mailbox()];
    good = (await world.definition(hook, mail)).id;
    mixed = (
      await world.definition(hook, await world.webhook('http://127.0.0.1:1/away'), await world.webhook('rubbish'))
    ).id;
    await world.startActive({ 'retry.interval': 600 });
  });

  const send = (...words: string[]) => runCommand('send-alarm', '--config', config, ...words);
  const alarm = (definitionId: string, ...words: string[]) =>
    send('--alarm-id', 'a-1', '--state', 'ALARM', '--definition-id', definitionId, ...words);

  it('ends with 0 when every method was told, and says how long each took', async () => {
    const { code, out, err } = await alarm(good);
    assert.equal(code, 0, err);
    assert.match(out, /^a-1 published to .*@\d+\n/);
    assert.match(out, /\nwebhook +method hook\S+ +sent +\d+ ms\n/);
    assert.match(out, /\nemail +method mail\S+ +sent +\d+ ms\n/);
    assert.match(out, /\nall sent: 2 methods\n$/);
    assert.equal(world.http.requests.length, 1);
  });

  it('ends with 1 when a method was not, with what became of each', async () => {
    const { code, out } = await alarm(mixed, '--json');
    assert.equal(code, 1);
    const document = JSON.parse(out);
    assert.equal(document.result, 'not_all_sent');
    const outcomes = document.notifications.map((one: Record<string, unknown>) => [one.outcome, one.reason]);
    assert.deepEqual(
      outcomes.sort(),
      [
        ['dead', 'bad_method'],
        ['retrying', undefined],
        ['sent', undefined],
      ].sort(),
    );
    assert.match(document.text, /^1 of 3 methods sent; .*tried again.*dead-letters replay/);
  });

  it('ends with 1 when nobody asked, or nobody was to be told, and says why', async () => {
    const nobody = await alarm('d-unheard-of');
    assert.deepEqual(
      [nobody.code, /no method was found for alarm definition d-unheard-of/.test(nobody.out)],
      [1, true],
    );
    const file = join(world.folder, 'old.json');
    await writeFile(file, JSON.stringify(alarmFields({ alarmDefinitionId: good })));
    const expired = await send('--alarm', file);
    assert.deepEqual([expired.code, /older than processors\.alarm\.ttl/.test(expired.out)], [1, true], expired.out);
  });

  it('sends a file as it is, and shows a malformed one parked', async () => {
    const file = join(world.folder, 'alarm.json');
    const fields = alarmFields({ alarmDefinitionId: good, timestamp: Date.now() });
    await writeFile(file, JSON.stringify({ 'alarm-transitioned': fields }));
    assert.equal((await send('--alarm', file)).code, 0);
    await writeFile(file, '{"alarm-transitioned": {"alarmId": 1}}');
    const malformed = await send('--alarm', file);
    assert.equal(malformed.code, 1);
    assert.match(malformed.err, /will park this message: .*alarmName/);
    assert.match(malformed.out, /is malformed and was parked/);
  });

  it('refuses files that are missing or no JSON', async () => {
    const missing = await send('--alarm', join(world.folder, 'missing.json'));
    assert.deepEqual([missing.code, /missing\.json: .*no such file/.test(missing.err)], [1, true]);
    const file = join(world.folder, 'text.json');
    await writeFile(file, 'not json');
    const text = await send('--alarm', file);
    assert.deepEqual([text.code, /expected JSON/.test(text.err)], [1, true]);
  });

  it('says what it saw and what to check when its time is over', async () => {
    const idle = await world.configure({ 'kafka.group': `${world.group}-idle` }, 'idle');
    const words = ['--alarm-id', 'a-1', '--state', 'OK', '--definition-id', 'd-none', '--timeout', '5'];
    const { code, out } = await runCommand('send-alarm', '--config', idle, ...words);
    assert.equal(code, 1);
    assert.match(
      out,
      /not finished after 5 s: no outcome was seen, and no position is stored.*mon-notification status/,
    );
  });

  it('says what to check when the topic or Kafka is away', async () => {
    const words = ['--alarm-id', 'a-1', '--state', 'OK'];
    const noTopic = await world.configure({ 'kafka.alarm_topic': 'unheard-of' }, 'no-topic');
    const absent = await runCommand('send-alarm', '--config', noTopic, ...words);
    assert.deepEqual([absent.code, /unheard-of does not exist.*kafka\.alarm_topic/.test(absent.err)], [1, true]);
    const noKafka = await world.configure({ 'kafka.url': '127.0.0.1:1' }, 'no-kafka');
    const away = await runCommand('send-alarm', '--config', noKafka, ...words);
    assert.deepEqual([away.code, /asked Kafka at 127\.0\.0\.1:1 .*kafka\.url/.test(away.err)], [1, true]);
  });
});
