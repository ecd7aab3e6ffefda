import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { type Connection, createConnection } from 'mysql2/promise';
import { randomName } from '../support/random-name.js';
import {
  cleanUpAfterSuite,
  type PrivateServices,
  requireServices,
  skipWithoutServices,
  startPrivateServices,
} from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { ZookeeperNodes } from '../support/zookeeper-nodes.js';

const skip = skipWithoutServices();

async function topicsOf(kafkaUrl: string, toCreate: readonly string[] = []): Promise<readonly string[]> {
  const kafka = new Kafka({ brokers: kafkaUrl.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (toCreate.length > 0) await admin.createTopics({ topics: toCreate.map((topic) => ({ topic })) });
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

async function withMysql<T>({ mysql }: Pick<PrivateServices, 'mysql'>, work: (connection: Connection) => Promise<T>) {
  const { host, port, user, password, db } = mysql;
  const connection = await createConnection({ host, port, user, password, database: db });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}

/** Whether a node is there; `toCreate` makes it first. By our own sessions: the client library alone may wait for ever. */
async function nodeExists(zookeeperUrl: string, path: string, { toCreate = false } = {}): Promise<boolean> {
  const nodes = new ZookeeperNodes(zookeeperUrl, randomName('group'));
  try {
    if (toCreate) await nodes.write(path, '');
    return (await nodes.read(path)) !== undefined;
  } finally {
    await nodes.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the shared services', { skip }, () => {
  it('answer at the addresses of the environment', async () => {
    const { kafkaUrl, zookeeperUrl, mysql } = requireServices();
    const topic = randomName('services');
    assert.ok((await topicsOf(kafkaUrl, [topic])).includes(topic));
    assert.equal(await nodeExists(zookeeperUrl, `/${randomName('services')}`, { toCreate: true }), true);
    const [rows] = await withMysql({ mysql }, (connection) => connection.query('SELECT 1 AS one'));
    assert.deepEqual(rows, [{ one: 1 }]);
  });
});

describe('private services', { skip }, () => {
  const suite = cleanUpAfterSuite();
  let services: PrivateServices;

  before(async () => {
    services = await startPrivateServices(suite);
  });

  it('keep topics and address through kill -9 of the broker', async () => {
    await topicsOf(services.kafkaUrl, ['kept']);
    const pid = services.pid('kafka');
    await services.kill('kafka');
    assert.equal(isAlive(pid), false);
    await services.restart('kafka');
    assert.deepEqual(await topicsOf(services.kafkaUrl), ['kept']);
  });

  it('keep nodes and address through kill -9 of ZooKeeper', async () => {
    await nodeExists(services.zookeeperUrl, '/kept', { toCreate: true });
    await services.kill('zookeeper');
    await services.restart('zookeeper');
    assert.equal(await nodeExists(services.zookeeperUrl, '/kept'), true);
  });

  it('keep rows and address through kill -9 of MariaDB', async () => {
    await withMysql(services, (connection) => connection.query('CREATE TABLE kept (id int PRIMARY KEY)'));
    await withMysql(services, (connection) => connection.query('INSERT INTO kept VALUES (7)'));
    await services.kill('mysql');
    await services.restart('mysql');
    const [rows] = await withMysql(services, (connection) => connection.query('SELECT id FROM kept'));
    assert.deepEqual(rows, [{ id: 7 }]);
  });

  it('answer again after they were frozen', async () => {
    services.pause('mysql');
    let isAnswered = false;
    const answer = withMysql(services, (connection) => connection.query('SELECT 1')).finally(() => {
      isAnswered = true;
    });
    await services.kill('zookeeper');
    await services.restart('zookeeper');
    assert.equal(isAnswered, false);
    services.resume('mysql');
    await answer;
  });

  it('let a test create databases of its own', async () => {
    const name = randomName('own');
    await withMysql(services, (connection) => connection.query(`CREATE DATABASE ${name}`));
    await withMysql(services, (connection) => connection.query(`DROP DATABASE ${name}`));
  });
});

it('servers end, and their data goes, when the process that started them is killed', {
  skip,
}, async (test: TestContext) => {
  const file = fileURLToPath(new URL('../support/processes/services-holder.js', import.meta.url));
  const holder = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  test.after(() => holder.kill('SIGKILL'));
  const [line] = await once(holder.stdout, 'data');
  const { dir, pids } = JSON.parse(String(line)) as { dir: string; pids: number[] };
  assert.deepEqual(pids.map(isAlive), [true, true]);
  holder.kill('SIGKILL');
  await waitFor(() => !pids.some(isAlive), 'the end of servers without a parent');
  await waitFor(() => !existsSync(dir), 'the end of their data directory');
});

it('servers find a privileged and an unprivileged Kafka user when log-in is asked for', {
  skip,
}, async (test: TestContext) => {
  const services = await startPrivateServices(test, { only: ['kafka'], kafkaSasl: true });
  const kafkaAs = (username: 'admin' | 'notify') => {
    const sasl = { mechanism: 'plain' as const, username, password: services.kafkaUsers?.[username] ?? '' };
    return new Kafka({
      brokers: [services.kafkaUrl],
      sasl,
      ssl: false,
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
  };
  const [admin, notify] = [kafkaAs('admin').admin(), kafkaAs('notify').admin()];
  test.after(() => Promise.all([admin.disconnect(), notify.disconnect()]));
  await Promise.all([admin.connect(), notify.connect()]);
  await admin.createTopics({ topics: [{ topic: 'closed' }] });
  await assert.rejects(notify.fetchTopicOffsets('closed'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
});
