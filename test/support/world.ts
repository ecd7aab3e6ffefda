import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Acknowledged, AlarmKafka, type KafkaLogin } from './alarm-kafka.js';
import { alarmFields } from './alarms.js';
import { judge, type Promised, type Receipt, type Verdict } from './deliveries.js';
import { EngineProcess } from './engine-process.js';
import { HttpCatcher } from './http-catcher.js';
import { MailCatcher, type MailCatcherOptions } from './mail-catcher.js';
import { MethodDatabase, type SchemaForm } from './method-database.js';
import { randomName } from './random-name.js';
import { readMail } from './read-mail.js';
import { type CleanUp, requireServices, type SharedServices } from './services.js';
import { waitFor } from './wait-for.js';
import { ZookeeperNodes } from './zookeeper-nodes.js';

export interface WorldOptions {
  /** Where the servers are; each that is not named is the shared one. */
  readonly services?: Partial<SharedServices>;
  readonly kafkaLogin?: KafkaLogin;
  /** `user:password`, for nodes that belong to the engine alone. */
  readonly zookeeperAuth?: string;
  readonly partitionCount?: number;
  readonly schema?: SchemaForm;
  readonly mail?: MailCatcherOptions;
}

/** Values of the configuration file by dotted key; undefined removes a key. */
export type Changes = Readonly<Record<string, unknown>>;

/** An alarm that Kafka has acknowledged, and whom it concerns. */
export interface SentAlarm extends Acknowledged {
  readonly alarmId: string;
  readonly methodIds: readonly string[];
}

/** A definition of alarms: its id, and the methods that it promises. */
export interface Definition {
  readonly id: string;
  readonly methodIds: readonly string[];
}

/** A record on an output topic. */
export interface OutputRecord {
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Readonly<Record<string, unknown>>;
}

const sendCount = 500;

/**
 * All that one test of the built program needs, under names of its own: topic, database, ZooKeeper group, receivers, configuration, and
 * the list of what Kafka has acknowledged and who was promised to hear of it.
 */
export class World {
  readonly topic = randomName('alarms');
  readonly group: string;
  readonly topics = { sent: randomName('sent'), retry: randomName('retry'), dead: randomName('dead') };
  readonly sent: SentAlarm[] = [];
  readonly engines: EngineProcess[] = [];
  readonly services: SharedServices;
  readonly kafka: AlarmKafka;
  readonly database: MethodDatabase;
  readonly zookeeper: ZookeeperNodes;
  readonly http: HttpCatcher;
  readonly mail: MailCatcher;
  readonly folder: string;
  partitionCount: number;
  #serial = 0;

  private constructor(
    parts: Pick<
      World,
      'group' | 'services' | 'kafka' | 'database' | 'zookeeper' | 'http' | 'mail' | 'folder' | 'partitionCount'
    >,
  ) {
    this.group = parts.group;
    this.services = parts.services;
    this.kafka = parts.kafka;
    this.database = parts.database;
    this.http = parts.http;
    this.mail = parts.mail;
    this.folder = parts.folder;
    this.partitionCount = parts.partitionCount;
    this.zookeeper = parts.zookeeper;
  }

  static async create(test: CleanUp, options: WorldOptions = {}): Promise<World> {
    const services = allOf(options.services);
    const { partitionCount = 4 } = options;
    const group = randomName('group');
    const world = new World({
      group,
      services,
      partitionCount,
      kafka: await AlarmKafka.connect(services.kafkaUrl, options.kafkaLogin),
      database: await MethodDatabase.create(services.mysql, options.schema),
      zookeeper: new ZookeeperNodes(services.zookeeperUrl, group, options.zookeeperAuth),
      http: await HttpCatcher.start(),
      mail: await MailCatcher.start(options.mail),
      folder: await mkdtemp(join(tmpdir(), 'mon-notification-world-')),
    });
    test.after(() => world.#end());
    if (partitionCount > 0) await world.kafka.createTopic(world.topic, partitionCount);
    return world;
  }

  /** A method of type webhook that posts to our catcher. */
  async webhook(address?: string | null): Promise<string> {
    const id = this.#next('hook');
    const url = address === undefined ? `${this.http.url}/${id}` : address;
    await this.database.method({ id, type: 'WEBHOOK', address: url });
    return id;
  }

  /** A method of type email to our catcher. */
  async mailbox(address?: string | null): Promise<string> {
    const id = this.#next('mail');
    await this.database.method({ id, type: 'EMAIL', address: address === undefined ? `${id}@example.org` : address });
    return id;
  }

  /** A definition whose ALARM state has these methods. */
  async definition(...methodIds: readonly string[]): Promise<Definition> {
    const id = this.#next('definition');
    await this.database.actions(id, methodIds);
    return { id, methodIds };
  }

  /** Sends alarms round robin over the partitions and remembers what Kafka acknowledged. */
  async send(
    count: number,
    definition: Definition | ((index: number) => Definition),
    changes: Readonly<Record<string, unknown>> = {},
  ): Promise<readonly SentAlarm[]> {
    const all: SentAlarm[] = [];
    for (let first = 0; first < count; first += sendCount) {
      const drafts = Array.from({ length: Math.min(sendCount, count - first) }, (_, index) => {
        const of = typeof definition === 'function' ? definition(first + index) : definition;
        return this.#draft(of, changes);
      });
      const acknowledged = await this.kafka.produce(this.topic, drafts);
      const sent = acknowledged.map((at, index) => ({ ...at, ...(drafts[index] ?? { alarmId: '', methodIds: [] }) }));
      all.push(...sent.map(({ partition, offset, alarmId, methodIds }) => ({ partition, offset, alarmId, methodIds })));
    }
    this.sent.push(...all);
    return all;
  }

  /** Gives the alarm topic this many partitions; what is sent from here on goes to all of them. */
  async growTo(partitionCount: number): Promise<void> {
    await this.kafka.addPartitions(this.topic, partitionCount);
    this.partitionCount = partitionCount;
  }

  /** Writes the configuration file and answers with its path. */
  async configure(changes: Changes = {}, name = 'notification'): Promise<string> {
    const { kafkaUrl, zookeeperUrl, mysql } = this.services;
    const tree: Record<string, unknown> = {};
    const values: Changes = {
      ...{ 'kafka.url': kafkaUrl, 'kafka.group': this.group, 'kafka.alarm_topic': this.topic },
      ...{ 'kafka.notification_topic': this.topics.sent, 'kafka.notification_retry_topic': this.topics.retry },
      ...{ 'kafka.dead_letter_topic': this.topics.dead, 'kafka.periodic': '', 'zookeeper.url': zookeeperUrl },
      ...{
        'mysql.host': mysql.host,
        'mysql.port': mysql.port,
        'mysql.user': mysql.user,
        'mysql.passwd': mysql.password,
      },
      ...{ 'mysql.db': this.database.name, 'http.allow': ['127.0.0.0/8'], 'admin.port': 0, 'statsd.enable': false },
      ...{ 'notification_types.email.server': '127.0.0.1', 'notification_types.email.port': this.mail.port },
      ...{ 'notification_types.email.from_addr': 'mon@example.org', 'notification_types.email.starttls': 'never' },
      'processors.notification.number': 2,
      // A receiver shares its processors with all the rest here, and may be slow without anything being wrong.
      'notification_types.webhook.timeout': 30,
      ...changes,
    };
    for (const [key, value] of Object.entries(values)) if (value !== undefined) put(tree, key.split('.'), value);
    const file = join(this.folder, `${name}.yaml`);
    await writeFile(file, JSON.stringify(tree, undefined, 2), { mode: 0o600 });
    return file;
  }

  /** Starts the built program; it is gone after the test. */
  async start(changes: Changes = {}, env: NodeJS.ProcessEnv = {}, shell?: string): Promise<EngineProcess> {
    const engine = new EngineProcess(await this.configure(changes, `engine-${this.engines.length}`), env, shell);
    this.engines.push(engine);
    return engine;
  }

  /** The same, once it is the one that works. */
  async startActive(changes: Changes = {}): Promise<EngineProcess> {
    const engine = await this.start(changes);
    await engine.becomes('active');
    return engine;
  }

  /** Waits until every position in ZooKeeper has reached what is now the end of its partition. */
  async caughtUp(timeoutMs = 60_000): Promise<void> {
    const ends = await this.kafka.logEnds(this.topic);
    const wanted = [...ends].filter(([, end]) => end > 0n);
    let seen: ReadonlyMap<number, bigint> = new Map();
    const isThere = async () => {
      seen = await this.zookeeper.committed(this.topic);
      // Or beyond: others may have sent meanwhile.
      return wanted.every(([partition, end]) => (seen.get(partition) ?? 0n) >= end);
    };
    const show = (map: Iterable<readonly [number, bigint]>) => [...map].sort().join(' ');
    await waitFor(isThere, `offsets at the end of ${this.topic}`, { timeoutMs }).catch((error) => {
      throw new Error(`${error.message}: ends ${show(ends)}, committed ${show(seen)}\n${this.lastLines()}`);
    });
  }

  /** What arrived at both receivers, in the order of arrival. */
  receipts(): readonly Receipt[] {
    const posts = this.http.requests.map(({ headers, body, path, receivedAtMs }) => ({
      ...{ alarmId: String(JSON.parse(body).alarm_id), methodId: path.slice(1), id: String(headers['webhook-id']) },
      atMs: receivedAtMs,
    }));
    const mails = this.mail.mails.map(({ headers, to, raw, receivedAtMs }) => ({
      alarmId: /^alarm_id: (.+)$/m.exec(readMail(raw).text)?.[1] ?? '',
      methodId: to[0]?.split('@')[0] ?? '',
      id: /^<(.+)@example\.org>$/.exec(headers['message-id'] ?? '')?.[1] ?? '',
      atMs: receivedAtMs,
    }));
    return [...posts, ...mails].sort((a, b) => a.atMs - b.atMs);
  }

  get promises(): readonly Promised[] {
    return this.sent.flatMap(({ alarmId, methodIds }) => methodIds.map((methodId) => ({ alarmId, methodId })));
  }

  /** What arrived or was parked, against what was promised for all that Kafka has acknowledged. */
  async verdict(): Promise<Verdict> {
    const parked = [...(await this.records('retry')), ...(await this.records('dead'))].map(({ value }) => ({
      alarmId: String(value.alarm_id),
      methodId: String(value.id),
      failedCount: ((value.history ?? []) as readonly unknown[]).length,
    }));
    return judge(this.promises, this.receipts(), parked);
  }

  async records(of: keyof World['topics']): Promise<readonly OutputRecord[]> {
    const records = await this.kafka.records(this.topics[of]);
    return records.map(({ key, headers, value }) => ({
      key,
      headers,
      value: JSON.parse(Buffer.from(value).toString()),
    }));
  }

  /** For messages of failed waits: what the engines said last. */
  lastLines(): string {
    return this.engines.map((engine) => `engine ${engine.pid}:\n${engine.stderr.slice(-2_500)}`).join('\n');
  }

  #draft({ id, methodIds }: Definition, changes: Readonly<Record<string, unknown>>) {
    this.#serial += 1;
    const alarmId = `alarm-${this.#serial}`;
    const ids = this.database.form === 'definition' ? { alarmId, alarmDefinitionId: id } : { alarmId: id };
    const fields = alarmFields({ ...ids, alarmName: alarmId, timestamp: Date.now(), ...changes });
    const value = JSON.stringify({ 'alarm-transitioned': fields });
    return { partition: this.#serial % this.partitionCount, value, alarmId: String(fields.alarmId), methodIds };
  }

  #next(kind: string): string {
    this.#serial += 1;
    return `${kind}-${this.#serial}`;
  }

  async #end(): Promise<void> {
    await Promise.all(this.engines.map((engine) => engine.kill()));
    await Promise.all([this.http.stop(), this.mail.stop(), this.zookeeper.close(), this.kafka.close()]);
    this.database.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The servers of a test's own; the shared ones stand in for those that it has not. */
function allOf({ kafkaUrl, zookeeperUrl, mysql }: Partial<SharedServices> = {}): SharedServices {
  if (kafkaUrl !== undefined && zookeeperUrl !== undefined && mysql !== undefined)
    return { kafkaUrl, zookeeperUrl, mysql };
  const shared = requireServices();
  return {
    kafkaUrl: kafkaUrl ?? shared.kafkaUrl,
    zookeeperUrl: zookeeperUrl ?? shared.zookeeperUrl,
    mysql: mysql ?? shared.mysql,
  };
}

function put(tree: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) tree[first] = value;
  else {
    tree[first] ??= {};
    put(tree[first] as Record<string, unknown>, rest, value);
  }
}
