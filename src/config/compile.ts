import type { NotifierPlugin } from '../ports/notifier.js';
import type {
  Config,
  DigestConfig,
  KafkaConfig,
  MysqlConfig,
  NotifierSection,
  Tls,
  ZooKeeperConfig,
} from './config.js';
import type { Values } from './key-spec.js';
import { schema, sectionKeyName } from './schema.js';

type SchemaValues = Values<typeof schema>;

/** Turns checked values into the compiled configuration, deeply frozen. */
export function compile(
  values: ReadonlyMap<string, unknown>,
  plugins: readonly NotifierPlugin[],
  brought: Pick<Config, 'templates' | 'pluginModules'>,
): Config {
  const v = Object.fromEntries(Object.keys(schema).map((key) => [key, values.get(key)])) as unknown as SchemaValues;
  const config: Config = {
    kafka: kafkaOf(v),
    zookeeper: zookeeperOf(v),
    mysql: mysqlOf(v),
    processors: {
      alarmCount: v['processors.alarm.number'],
      alarmTtlMs: v['processors.alarm.ttl'],
      dropKnownEvents: v['processors.alarm.drop_known_events'],
      notificationCount: v['processors.notification.number'],
    },
    queueCapacity: {
      alarms: v['queues.alarms_size'],
      notifications: v['queues.notifications_size'],
      sent_notifications: v['queues.sent_notifications_size'],
      finished: v['queues.finished_size'],
    },
    retry: { intervalMs: v['retry.interval'], maxAttempts: v['retry.max_attempts'] },
    notifierSections: sectionsOf(values, plugins),
    ...brought,
    enabledTypes: enabledTypesOf(v['notification_types.enabled'], plugins),
    http: httpOf(v),
    admin: { host: v['admin.host'], port: v['admin.port'] },
    shutdown: { deadlineMs: v['shutdown.deadline_seconds'] },
    log: { level: v['log.level'], format: v['log.format'] },
    statsd: {
      enable: v['statsd.enable'],
      host: v['statsd.host'],
      port: v['statsd.port'],
      names: v['statsd.names'],
    },
    heartbeat: whenGiven(v['heartbeat.url'], (url) => ({ url, intervalMs: v['heartbeat.interval'] })),
    digest: digestOf(v),
    canary: whenGiven(v['canary.interval'], (intervalMs) => ({ intervalMs })),
  };
  return deepFreeze(config);
}

function httpOf(v: SchemaValues): Config['http'] {
  return {
    allow: v['http.allow'],
    concurrencyPerDestination: v['http.concurrency_per_destination'],
    ratePerDestination: v['http.rate_per_destination'],
  };
}

function kafkaOf(v: SchemaValues): KafkaConfig {
  const mechanism = v['kafka.sasl.mechanism'];
  const username = v['kafka.sasl.username'];
  const password = v['kafka.sasl.password'];
  const isComplete = mechanism !== undefined && username !== undefined && password !== undefined;
  return {
    brokers: v['kafka.url'],
    ssl: kafkaTls(v),
    sasl: isComplete ? { mechanism, username, password } : undefined,
    group: v['kafka.group'],
    alarmTopic: v['kafka.alarm_topic'],
    notificationTopic: v['kafka.notification_topic'],
    notificationRetryTopic: v['kafka.notification_retry_topic'],
    deadLetterTopic: v['kafka.dead_letter_topic'],
    periodic: v['kafka.periodic'],
    createTopics: v['kafka.create_topics'],
  };
}

function digestOf(v: SchemaValues): DigestConfig {
  return {
    transport: v['digest.transport'],
    nats: v['digest.nats'],
    jetstream: v['digest.jetstream'],
    workerCount: v['digest.workers'],
    lock: v['digest.lock'],
    empty: v['digest.empty'],
    tombstoneDays: v['digest.tombstone_days'],
    metricsListen: v['digest.metrics_listen'],
    schedule: v['digest.schedule'],
    userSchedules: v['digest.users'],
    isEmbedded: v['digest.embedded'],
    methods: v['digest.methods'],
    fromAlarms: v['digest.from_alarms'],
    publishesAll: v['digest.publish_all'],
    topics: {
      status: v['digest.status_topic'],
      command: v['digest.command_topic'],
      digest: v['digest.digest_topic'],
      state: v['digest.state_topic'],
    },
  };
}

function zookeeperOf(v: SchemaValues): ZooKeeperConfig {
  return {
    servers: v['zookeeper.url'],
    lock: v['zookeeper.lock'],
    sessionTimeoutMs: v['zookeeper.session_timeout_seconds'],
    maxOffsetLagMs: v['zookeeper.max_offset_lag'],
    auth: v['zookeeper.auth'],
    chroot: v['zookeeper.chroot'],
  };
}

function mysqlOf(v: SchemaValues): MysqlConfig {
  return {
    host: v['mysql.host'],
    port: v['mysql.port'],
    user: v['mysql.user'],
    password: v['mysql.passwd'],
    db: v['mysql.db'],
    ssl: mysqlTls(v),
    lookup: v['mysql.lookup'],
  };
}

function kafkaTls(v: SchemaValues): Tls | undefined {
  if (!v['kafka.ssl']) return undefined;
  const given = {
    ca: v['kafka.ssl.ca'],
    cert: v['kafka.ssl.cert'],
    key: v['kafka.ssl.key'],
    passphrase: v['kafka.ssl.passphrase'],
    servername: v['kafka.ssl.servername'],
  };
  return { ...withoutUndefined(given), rejectUnauthorized: v['kafka.ssl.reject_unauthorized'] };
}

function mysqlTls(v: SchemaValues): Tls | undefined {
  if (!v['mysql.ssl']) return undefined;
  const given = { ca: v['mysql.ssl.ca'], cert: v['mysql.ssl.cert'], key: v['mysql.ssl.key'] };
  return { ...withoutUndefined(given), rejectUnauthorized: v['mysql.ssl.reject_unauthorized'] };
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Values of the notifiers' sections; a type of which nothing is given has none. */
export function sectionsOf(
  values: ReadonlyMap<string, unknown>,
  plugins: readonly NotifierPlugin[],
): Readonly<Record<string, NotifierSection>> {
  const sections: Record<string, NotifierSection> = {};
  for (const { type, keys } of plugins) {
    const section: Record<string, NotifierSection[string]> = {};
    for (const { key, type: keyType } of keys) {
      const value = values.get(sectionKeyName(type, key)) as NotifierSection[string] | undefined;
      if (value === undefined) continue;
      section[key] = keyType === 'seconds' ? Number(value) / 1000 : value;
    }
    if (Object.keys(section).length > 0) sections[type] = section;
  }
  return sections;
}

/** The types asked for that exist; all when nothing is said. */
export function enabledTypesOf(
  asked: readonly string[] | undefined,
  plugins: readonly NotifierPlugin[],
): readonly string[] {
  const shipped = plugins.map((plugin) => plugin.type);
  if (asked === undefined) return shipped;
  const wanted = new Set(asked.map((type) => type.toLowerCase()));
  return shipped.filter((type) => wanted.has(type));
}

function whenGiven<T, R>(value: T | undefined, make: (value: T) => R): R | undefined {
  return value === undefined ? undefined : make(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
