/**
 * Kafka, MySQL and ZooKeeper as the demo sees them: it writes alarms and reads what the engine left, by clients of its own.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { attempt } from './failure.mjs';

const CONNECT_LIMIT_MS = 10_000;
const sqlFile = (name) => new URL(`../${name}`, import.meta.url);

/**
 * The names that the demo uses. In services of its own they are the engine's defaults; in services that were named by the
 * environment nothing may collide, so all carry a prefix and are removed in the end.
 */
export function namesFor(env) {
  const unique = `demo-${randomBytes(3).toString('hex')}`;
  const prefix = env.KAFKA_URL ? `${unique}-` : '';
  return {
    topics: {
      alarms: `${prefix}alarm-state-transitions`,
      sent: `${prefix}alarm-notifications`,
      retries: `${prefix}retry-notifications`,
      dead: `${prefix}notification-dead-letters`,
    },
    digestTopics: {
      status: `${prefix}alarm-status-changed`,
      command: `${prefix}send-alarm-digest`,
      digest: `${prefix}alarm-digest`,
      state: `${prefix}alarm-digest-state`,
    },
    group: `${prefix}mon-notification`,
    watcherGroup: `${unique}-watcher`,
    chroot: env.ZOOKEEPER_URL ? `/${unique}` : '',
    db: env.MYSQL_URL ? unique.replace('-', '_') : undefined,
  };
}

/** Creates the database if it is not ours, loads schema and sample data. Resolves to what removes a created database. */
export async function loadDatabase(mysql, db, receivers) {
  const about = {
    where: `MySQL at ${mysql.host}:${mysql.port}`,
    check: `does it answer there, and may user ${mysql.user} create databases and tables?`,
  };
  return await attempt('loading the schema and the sample data', about, async () => {
    const { createConnection } = (await import('mysql2/promise')).default;
    const { host, port, user, password } = mysql;
    const settings = { host, port, user, password, multipleStatements: true, connectTimeout: CONNECT_LIMIT_MS };
    const run = async (sql) => {
      const connection = await createConnection(settings);
      try {
        await connection.query(sql);
      } finally {
        await connection.end();
      }
    };
    const schema = await readFile(sqlFile('schema.sql'), 'utf8');
    const sample = await readFile(sqlFile('sample-data.sql'), 'utf8');
    const filled = sample.replaceAll('@WEBHOOK@', receivers.webhookUrl).replaceAll('@SLOW@', receivers.slowUrl);
    const create = db === undefined ? '' : `CREATE DATABASE \`${db}\` DEFAULT CHARACTER SET utf8mb4;`;
    const removeCreated = async () => {
      if (db !== undefined) await run(`DROP DATABASE IF EXISTS \`${db}\``);
    };
    try {
      await run(`${create} USE \`${db ?? mysql.db}\`;\n${schema}\n${filled}`);
    } catch (error) {
      // Half of it may be there; what kept the rest from coming is what matters.
      await removeCreated().catch(() => {});
      throw error;
    }
    return removeCreated;
  });
}

/** The demo's own Kafka client: creates the alarm topic, writes alarms, collects the records of the output topics. */
export class DemoKafka {
  /** Every record of the output topics so far: `{ topic, key, value }`, value parsed. */
  records = [];
  /** Every alarm that a producer wrote: `{ offset, sentAtMs, event }`, event parsed. Messages that are no JSON are left out. */
  published = [];
  #kafka;
  #names;
  #url;
  #producer;
  #consumer;

  constructor(url, names) {
    this.#url = url;
    this.#names = names;
  }

  /** Connects and creates the alarm topic; the output topics are the engine's affair. */
  async open() {
    const about = { where: `Kafka at ${this.#url}`, check: 'does it answer, and may anybody create topics there?' };
    await attempt('creating the alarm topic', about, async () => {
      const { Kafka, logLevel } = (await import('kafkajs')).default;
      const brokers = this.#url.split(',');
      this.#kafka = new Kafka({
        clientId: 'demo',
        brokers,
        logLevel: logLevel.NOTHING,
        retry: { initialRetryTime: 100 },
      });
      this.#producer = this.#kafka.producer({ allowAutoTopicCreation: false });
      await this.#producer.connect();
      const topics = [{ topic: this.#names.topics.alarms, numPartitions: 1 }];
      await this.#asAdmin((admin) => admin.createTopics({ topics, waitForLeaders: true }));
    });
  }

  /** Whether the engine has created what it writes to: it does that beside its other work. */
  async hasAllTopics() {
    const existing = await this.#asAdmin((admin) => admin.listTopics());
    return this.#topics().every((topic) => existing.includes(topic));
  }

  /** Begins to collect; all topics must be there. */
  async watch() {
    const { alarms } = this.#names.topics;
    this.#consumer = this.#kafka.consumer({ groupId: this.#names.watcherGroup, maxWaitTimeInMs: 100 });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: Object.values(this.#names.topics), fromBeginning: true });
    await this.#consumer.run({
      eachMessage: async ({ topic, message }) => {
        if (topic === alarms) this.#sawAlarm(message);
        else this.records.push({ topic, key: String(message.key), value: JSON.parse(String(message.value)) });
      },
    });
  }

  #topics() {
    return [...Object.values(this.#names.topics), ...Object.values(this.#names.digestTopics)];
  }

  #sawAlarm({ offset, timestamp, value }) {
    try {
      const { 'alarm-transitioned': event } = JSON.parse(String(value));
      this.published.push({ offset: Number(offset), sentAtMs: Number(timestamp), event });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  /** Writes one message to the alarm topic; resolves to `{ offset, sentAtMs }` when the brokers have it. */
  async write(value) {
    const sentAtMs = Date.now();
    const messages = [{ value, timestamp: String(sentAtMs) }];
    const [{ baseOffset }] = await this.#producer.send({ topic: this.#names.topics.alarms, acks: -1, messages });
    return { offset: Number(baseOffset), sentAtMs };
  }

  /** The records that an alarm left, parked messages included. */
  recordsOf({ offset }) {
    const { alarms } = this.#names.topics;
    return this.records.filter(({ value }) => value.source_topic === alarms && Number(value.source_offset) === offset);
  }

  async close() {
    const [consumer, producer] = [this.#consumer, this.#producer];
    this.#consumer = undefined;
    this.#producer = undefined;
    await Promise.all([consumer?.disconnect(), producer?.disconnect()]);
  }

  /** Deletes what the demo and the engine created in a Kafka that goes on living. */
  async removeTraces() {
    await this.close();
    await this.#asAdmin(async (admin) => {
      const existing = await admin.listTopics();
      const ours = this.#topics().filter((topic) => existing.includes(topic));
      await admin.deleteTopics({ topics: ours });
      const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
      const { group: ofEngine, watcherGroup } = this.#names;
      const ourGroups = [ofEngine, `${ofEngine}-digest`, watcherGroup].filter((group) => groups.includes(group));
      if (ourGroups.length > 0) await admin.deleteGroups(ourGroups);
    });
  }

  async #asAdmin(work) {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** Reads the committed offset where the engine keeps it. */
export class DemoZookeeper {
  #library;
  #client;
  #isConnected = false;
  #chroot;
  #path;

  constructor(names) {
    this.#chroot = names.chroot;
    this.#path = `${names.chroot}/consumers/${names.group}/offsets/${names.topics.alarms}/0`;
  }

  async open(url) {
    const about = { where: `ZooKeeper at ${url}`, check: 'does it answer there?' };
    await attempt('connecting to ZooKeeper', about, async () => {
      this.#library = (await import('node-zookeeper-client')).default;
      this.#client = this.#library.createClient(url, { sessionTimeout: CONNECT_LIMIT_MS });
      await new Promise((resolve, reject) => {
        const late = () => reject(new Error(`no session within ${CONNECT_LIMIT_MS / 1_000} s`));
        const timer = setTimeout(late, CONNECT_LIMIT_MS);
        this.#client.once('connected', () => {
          this.#isConnected = true;
          clearTimeout(timer);
          resolve();
        });
        this.#client.connect();
      });
    });
  }

  /** Next offset to read of the demo's only partition, 0 before the first commit. */
  async committed() {
    const data = await this.#ifThere(
      this.#ask((done) => this.#client.getData(this.#path, done)),
      '0',
    );
    return Number(String(data).split('\n')[0]);
  }

  /** The library takes the answer to an unfinished connect for something else when it is closed before. */
  close() {
    if (this.#isConnected) this.#client.close();
  }

  /** Removes our nodes, if an engine came to write any, from a ZooKeeper that goes on living. */
  async removeTraces() {
    if (this.#chroot === '') return;
    await this.#ifThere(this.#remove(this.#chroot));
  }

  /** What `asking` resolves to, `otherwise` when there is no such node. */
  async #ifThere(asking, otherwise) {
    return await asking.catch((error) => {
      if (error.getCode?.() !== this.#library.Exception.NO_NODE) throw error;
      return otherwise;
    });
  }

  /** The library's own way looks at one level only. */
  async #remove(path) {
    const children = await this.#ask((done) => this.#client.getChildren(path, done));
    for (const child of children) await this.#remove(`${path}/${child}`);
    await this.#ask((done) => this.#client.remove(path, done));
  }

  async #ask(send) {
    return await new Promise((resolve, reject) => {
      send((error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }
}
