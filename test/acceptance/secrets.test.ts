import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import type { EngineProcess } from '../support/engine-process.js';
import { runProgram } from '../support/program.js';
import {
  cleanUpAfterSuite,
  type PrivateServices,
  skipWithoutServices,
  startPrivateServices,
} from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { type Changes, World } from '../support/world.js';

const canaries = {
  kafka: 'admin-secret',
  mysql: 'canary-mysql-3f1',
  zookeeper: 'canary-zookeeper-a07',
  mail: 'canary-mail-c55',
  token: 'canary-token-90e',
  wrong: 'canary-wrong-7b2',
};

/** Where a secret shows in a text, with what stands around it. */
function leaks(where: string, text: string, secrets: readonly string[] = Object.values(canaries)): readonly string[] {
  return secrets.flatMap((secret) => {
    const forms = [secret, Buffer.from(secret).toString('base64').slice(0, -3), encodeURIComponent(secret)];
    const at = forms.map((form) => text.indexOf(form)).find((index) => index >= 0);
    return at === undefined ? [] : [`${where}: …${text.slice(Math.max(0, at - 120), at + 60)}…`];
  });
}

describe('secrets', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let services: PrivateServices;
  let world: World;

  const settings = (changes: Changes = {}): Changes => ({
    ...{ 'log.level': 'debug', 'notification_types.webhook.timeout': 1, 'notification_types.email.user': 'relay' },
    ...{ 'kafka.sasl.mechanism': 'plain', 'kafka.sasl.username': 'admin', 'kafka.sasl.password': canaries.kafka },
    ...{ 'zookeeper.auth': `engine:${canaries.zookeeper}`, 'notification_types.email.password': canaries.mail },
    ...{ 'mysql.user': 'canary', 'mysql.passwd': canaries.mysql },
    ...changes,
  });

  before(async () => {
    services = await startPrivateServices(suite, { only: ['kafka', 'mysql'], kafkaSasl: true });
    world = await World.create(suite, {
      services: { kafkaUrl: services.kafkaUrl, mysql: services.mysql },
      kafkaLogin: { username: 'admin', password: canaries.kafka },
      zookeeperAuth: `engine:${canaries.zookeeper}`,
      partitionCount: 1,
      mail: { login: { user: 'relay', password: canaries.mail } },
    });
    await world.database.run(`CREATE USER canary@'127.0.0.1' IDENTIFIED BY '${canaries.mysql}'`);
    const grant = `GRANT SELECT ON ${world.database.name}.* TO canary@'127.0.0.1'`;
    await world.database.runAs({ ...services.mysql, ...services.mysql.admin }, grant);
  });

  /** Methods whose addresses hold a token, and that end in every way a send can end. */
  async function tokens(): Promise<readonly string[]> {
    const at = (path: string) => `${world.http.url}/${path}/${canaries.token}?key=${canaries.token}`;
    world.http.answer(`/gone/${canaries.token}`, { status: 404, body: canaries.token });
    world.http.answer(`/busy/${canaries.token}`, { status: 503, body: canaries.token });
    world.http.answer(`/hang/${canaries.token}`, { instead: 'hang' });
    world.http.answer(`/away/${canaries.token}`, {
      status: 302,
      headers: { location: `http://127.0.0.1/${canaries.token}` },
    });
    const addresses = [
      ...['fine', 'gone', 'busy', 'hang', 'away'].map(at),
      ...[`http://127.0.0.1:9/${canaries.token}`, `http://10.0.0.1/${canaries.token}`, `ftp://x/${canaries.token}`],
      ...[`http://user:${canaries.token}@127.0.0.1/`, `not an address ${canaries.token}`],
    ];
    return await Promise.all(addresses.map((address) => world.webhook(address)));
  }

  async function outputsOf(engine: EngineProcess): Promise<readonly string[]> {
    const paths = ['/health', '/ready', '/metrics', '/status', '/status.json'];
    const answers = await Promise.all(paths.map((path) => engine.get(path)));
    const processes = (await engine.allPids()).flatMap((pid) =>
      ['environ', 'cmdline'].map((name) => [`${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`, 'utf8')] as const),
    );
    return [
      ...answers.flatMap(({ text }, index) => leaks(paths[index] ?? '', text)),
      ...processes.flatMap(([name, text]) => leaks(name, text)),
      ...leaks('the log', engine.stderr),
    ];
  }

  it('would be found where they show', () => {
    for (const secret of Object.values(canaries)) assert.equal(leaks('here', `password=${secret}\0`).length, 1);
  });

  it('show in no log line, answer, argument, environment or record, at debug level', async () => {
    const mailbox = await world.mailbox();
    await world.send(3, await world.definition(...(await tokens()), mailbox, await world.mailbox('no mailbox')));
    const engine = await world.startActive(settings());
    await world.caughtUp();
    assert.equal(world.mail.mails[0]?.user, 'relay');
    assert.ok(world.http.requests.some(({ path }) => path.startsWith('/fine/')));
    assert.deepEqual(await outputsOf(engine), []);
    const { token: _address, ...passwords } = canaries;
    const records = [
      ...(await world.records('sent')),
      ...(await world.records('retry')),
      ...(await world.records('dead')),
    ];
    assert.deepEqual(leaks('the records', JSON.stringify(records), Object.values(passwords)), []);
    const details = records.map(({ value }) => value.detail);
    assert.deepEqual(leaks('the details', JSON.stringify(details)), []);
    const upToInfo = engine.lines.filter(({ level }) => level !== 'debug').map((line) => JSON.stringify(line));
    assert.deepEqual(leaks('the log at info', upToInfo.join('\n'), [`${mailbox}@example.org`]), []);
    const file = await world.configure(settings());
    const { stdout, stderr, code } = await runProgram('config', 'show', '--config', file);
    assert.equal(code, 0);
    assert.deepEqual(leaks('config show', stdout + stderr), []);
    assert.equal(await engine.stop(), 0);
    assert.deepEqual(leaks('the log', engine.stderr), []);
  });

  it('show nowhere when the systems refuse them', async () => {
    const { wrong } = canaries;
    const engine = await world.start(
      settings({
        ...{ 'kafka.sasl.password': wrong, 'zookeeper.auth': `engine:${wrong}`, 'mysql.passwd': wrong },
        ...{ 'notification_types.email.password': wrong, 'kafka.group': `${world.group}-wrong` },
      }),
    );
    const isNamed = async () => /kafka(.|\n)*mysql/.test((await engine.get('/ready')).text);
    await engine.becomes('active');
    await waitFor(isNamed, 'Kafka and MySQL among the reasons', { timeoutMs: 30_000 });
    assert.deepEqual(await outputsOf(engine), []);
    assert.equal(await engine.stop(), 0);
    assert.deepEqual(leaks('the log', engine.stderr), []);
  });

  it('do not help a Kafka user without rights: 78, with the topic and what to grant (K6)', async () => {
    const password = services.kafkaUsers?.notify ?? '';
    const engine = await world.start(settings({ 'kafka.sasl.username': 'notify', 'kafka.sasl.password': password }));
    assert.deepEqual(await engine.exited, { code: 78, signal: null }, engine.stderr);
    const [failure] = engine.named('engine_failed');
    assert.match(String(failure?.detail), /topic \w+_[0-9a-f]{10}: .*TOPIC_AUTHORIZATION_FAILED.*grant the right/);
  });
});
