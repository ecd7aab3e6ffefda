import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { alarmFields } from '../support/alarms.js';
import { runCommand } from '../support/command-run.js';
import { repoRoot } from '../support/repo.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { World } from '../support/world.js';

describe('explain', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let config: string;
  let definition: string;
  let file: string;

  before(async () => {
    world = await World.create(suite, { partitionCount: 1 });
    config = await world.configure();
    await world.database.method({ id: 'm-pigeon', type: 'PIGEON', address: 'coop' });
    await world.database.method({ id: 'm-nowhere', type: 'WEBHOOK', address: null });
    const methods = [await world.webhook(), await world.mailbox(), 'm-nowhere', 'm-pigeon'];
    definition = (await world.definition(...methods)).id;
    file = join(world.folder, 'alarm.json');
  });

  const explain = (...words: string[]) => runCommand('explain', '--config', config, ...words);
  const fields = (changes: Readonly<Record<string, unknown>> = {}) =>
    alarmFields({ alarmDefinitionId: definition, timestamp: Date.now(), ...changes });

  async function explained(content: unknown) {
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    const { code, out, err } = await explain('--json', file);
    return { code, err, document: out === '' ? undefined : JSON.parse(out) };
  }

  it('names the methods, what would become of each, and the texts; and sends nothing', async () => {
    const { code, document } = await explained({ 'alarm-transitioned': fields() });
    assert.deepEqual([code, document.verdict, document.alarm.definition_id], [0, 'notifies', definition]);
    const outcomes = document.methods.map((method: Record<string, unknown>) => [
      method.type,
      method.outcome,
      method.reason,
    ]);
    assert.deepEqual(outcomes.sort(), [
      ['email', 'send', null],
      ['pigeon', 'dead', 'unknown_type'],
      ['webhook', 'dead', 'bad_method'],
      ['webhook', 'send', null],
    ]);
    const mail = document.methods.find(({ type }: { type: string }) => type === 'email');
    const piece = (of: { pieces: { name: string; text: string }[] }, name: string) =>
      of.pieces.find((one) => one.name === name)?.text ?? '';
    assert.match(piece(mail, 'subject'), /ALARM/);
    assert.match(piece(mail, 'text'), /transitioned to the ALARM state/);
    const hook = document.methods.find(
      (one: Record<string, unknown>) => one.type === 'webhook' && one.outcome === 'send',
    );
    assert.equal(JSON.parse(piece(hook, 'body')).state, 'ALARM');
    const text = (await explain(file)).out;
    assert.match(text, /it would go to 4 methods/);
    assert.match(text, /\nemail .*: send to .*\n {2}--- subject\n/);
    assert.ok(!text.includes(world.http.url));
    assert.deepEqual([world.http.requests.length, world.mail.mails.length], [0, 0]);
  });

  it('takes the inside of a message, and stdin', async () => {
    const content = JSON.stringify(fields());
    assert.equal((await explained(content)).document.verdict, 'notifies');
    const program = join(repoRoot(), 'dist/cli/main.js');
    const out = await new Promise<string>((resolve, reject) => {
      const child = execFile(process.execPath, [program, 'explain', '--config', config, '-'], (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
      child.stdin?.end(content);
    });
    assert.match(out, /it would go to 4 methods/);
  });

  it('names the event of a producer, by which history finds it', async () => {
    const eventId = 'f0fb566b6a0e90e6cacb7fd0b1b8f146';
    const { document } = await explained(fields({ eventId }));
    assert.equal((document.alarm as Record<string, unknown>).event_id, eventId);
    assert.match((await explain(file)).out, new RegExp(`^event ${eventId}$`, 'm'));
  });

  it('says why nobody would be told', async () => {
    const verdict = async (changes: Readonly<Record<string, unknown>>) => {
      const { code, document } = await explained(fields(changes));
      return [code, document.verdict];
    };
    assert.deepEqual(await verdict({ actionsEnabled: false }), [0, 'disabled']);
    assert.deepEqual(await verdict({ timestamp: 1_395_346_830 }), [0, 'expired']);
    assert.deepEqual(await verdict({ alarmDefinitionId: 'd-unheard-of' }), [0, 'no_methods']);
  });

  it('knows methods that ask for digests', async () => {
    const inDigest = await world.webhook();
    const { id } = await world.definition(inDigest, await world.mailbox());
    const file = await world.configure({ [`digest.methods.${inDigest}.delivery`]: 'digest' }, 'digest');
    const said = async (changes: Readonly<Record<string, unknown>>) => {
      const path = join(world.folder, 'digest.json');
      await writeFile(path, JSON.stringify(fields({ alarmDefinitionId: id, ...changes })));
      const document = JSON.parse((await runCommand('explain', '--config', file, '--json', path)).out);
      const method = document.methods.find((one: Record<string, unknown>) => one.id === inDigest);
      return [document.verdict, document.text, method.outcome, method.detail];
    };
    const both = 'it would go to 1 method, and to the digests of 1 method';
    assert.deepEqual(await said({ severity: 'HIGH' }), [
      'notifies',
      both,
      'digest',
      'told in the next digest, as CRITICAL',
    ]);
    assert.deepEqual(await said({ newState: 'OK' }), [
      ...['digested', 'it would go to the digests of 1 method only', 'digest'],
      'over for its digests: it is not bound to state OK',
    ]);
    assert.deepEqual((await said({ kind: 'repeat' })).slice(0, 2), ['notifies', 'it would go to 1 method']);
    const unknown = 'no part of a digest: the status of the alarm is unknown';
    assert.deepEqual(await said({ newState: 'UNDETERMINED' }), [
      ...['not_folded', `nobody would be told: ${unknown}`, 'digest', unknown],
    ]);
    const [verdict, text] = await said({ timestamp: 1_395_346_830 });
    assert.equal(verdict, 'digested');
    assert.match(String(text), /digests of 1 method only: its timestamp is older than processors\.alarm\.ttl/);
  });

  it('ends with 1 at what is no alarm, and says why', async () => {
    const { code, document } = await explained('not json');
    assert.deepEqual(
      [code, document.verdict, document.text],
      [1, 'malformed', 'malformed alarm: the message is not JSON'],
    );
    await writeFile(file, JSON.stringify({ 'alarm-transitioned': fields({ newState: 7 }) }));
    const wrong = await explain(file);
    assert.deepEqual([wrong.code, /newState: expected a text.*would park it/.test(wrong.out)], [1, true]);
    const missing = await explain(join(world.folder, 'missing.json'));
    assert.deepEqual([missing.code, /missing\.json: .*no such file/.test(missing.err)], [1, true]);
    assert.equal((await explain()).code, 2);
  });

  it('says what to check when MySQL is away', async () => {
    await writeFile(file, JSON.stringify(fields()));
    const away = await world.configure({ 'mysql.port': 1 }, 'away');
    const { code, out, err } = await runCommand('explain', '--config', away, '--timeout', '2', file);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /asked MySQL at 127\.0\.0\.1:1, database .*mysql\.host/);
  });
});
