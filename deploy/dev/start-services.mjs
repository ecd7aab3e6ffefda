/**
 * Real Kafka, ZooKeeper, MariaDB and NATS on free loopback ports, without containers. See `startServices`.
 */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureJars } from './jars.mjs';
import { kafkaNames, kafkaPortNames, kafkaServers, kafkaUsers } from './kafka-server.mjs';
import { detachedLauncher, guardedLauncher } from './launch.mjs';
import { mysqlAccount, mysqlAdmin, mysqlServer, natsServer, zookeeperServer } from './other-servers.mjs';
import { host, identityOf } from './ports.mjs';
import { logToStderr } from './progress.mjs';
import { RunningServer } from './running-server.mjs';
import { ensureTools } from './tools.mjs';

export const allServices = ['kafka', 'zookeeper', 'mysql', 'nats'];
export const usualServices = ['kafka', 'zookeeper', 'mysql'];

const urlVariables = { kafka: 'KAFKA_URL', zookeeper: 'ZOOKEEPER_URL', mysql: 'MYSQL_URL', nats: 'NATS_URL' };

/**
 * Starts services and resolves when each has answered a request.
 *
 * Options: `dir` data directory, kept afterwards (default: a temporary one, removed in the end); `only` some of `allServices`
 * (default `usualServices`); `log(line)`; `env` where KAFKA_URL, ZOOKEEPER_URL, MYSQL_URL, NATS_URL may name running services,
 * which are then used as they are (default `process.env`; `{}` for private ones); `kafkaBrokers` 1 or 3; `kafkaConfig`
 * settings that override ours; `kafkaSasl` true for SASL_PLAINTEXT log-in and ACLs; `kafkaSide` { port,
 * advertisedPort } for a second listener behind a proxy; `kafkaHeapMb` (96); `zookeeperConfig`;
 * `mysqlOptions` further words for the server's command line; `natsJetstream` (true); `detached` true: they outlive this process; `runningNames`
 * names of servers of `dir` that run already.
 *
 * Resolves to the addresses (`kafkaUrl` host:port,…; `zookeeperUrl` host:port; `mysql` { host, port, user, password, db, url,
 * admin }; `natsUrl`; `kafkaUsers`), `dir`, `names` of the servers, `pid(name)`, `records()`, and what can be done to them:
 * `kill(name)` SIGKILL, `end(name)` SIGTERM, `restart(name)` same port and data, `pause(name)`, `resume(name)`, `stop()` for
 * all. With three brokers their names are kafka-1, kafka-2 and kafka-3. Servers started here end with this process, however
 * that ends.
 */
export async function startServices(options = {}) {
  const { only = usualServices, log = logToStderr, env = process.env, kafkaBrokers = 1, detached = false } = options;
  const unknown = only.filter((name) => !allServices.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such service: ${unknown.join(', ')}; there are ${allServices.join(', ')}`);
  const own = only.filter((name) => !env[urlVariables[name]]);
  const tools = await findEverything(own, log);
  const isTemporary = options.dir === undefined;
  const dir = isTemporary ? await mkdtemp(join(tmpdir(), 'mon-notification-')) : resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const portNames = own.flatMap((name) => (name === 'kafka' ? kafkaPortNames(kafkaBrokers) : [name]));
  const identity = await identityOf(dir, portNames, options.runningNames);
  const described = describe(own, { ...options, ...tools, dir, identity, kafkaBrokers });
  const launcher = detached ? detachedLauncher() : guardedLauncher({ removeDir: isTemporary ? dir : undefined });
  const servers = new Map(described.map((server) => [server.name, new RunningServer(server, launcher, log)]));
  const stop = stopper(servers, launcher, isTemporary);
  const toStart = [...servers.values()].filter(({ name }) => !options.runningNames?.includes(name));
  const started = await Promise.allSettled(toStart.map((server) => server.start()));
  const failed = started.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  if (failed.length > 0) {
    await stop();
    throw new AggregateError(failed, failed.map((error) => error.message).join('\n'));
  }
  return { ...addresses(only, own, { env, identity, kafkaBrokers, options }), dir, ...controls(servers), stop };
}

async function findEverything(own, log) {
  const needsJava = own.includes('kafka') || own.includes('zookeeper');
  const wanted = [
    ...(needsJava ? ['java'] : []),
    ...(own.includes('mysql') ? ['mariadbd'] : []),
    ...(own.includes('nats') ? ['nats-server'] : []),
  ];
  const tools = await ensureTools(wanted, log);
  const jars = needsJava ? await ensureJars(log) : undefined;
  return { java: tools.java, mariadbd: tools.mariadbd, nats: tools['nats-server'], jars };
}

function describe(own, context) {
  const {
    kafkaBrokers: brokers,
    kafkaConfig,
    kafkaSasl: sasl,
    kafkaSide: side,
    kafkaHeapMb: heapMb,
    zookeeperConfig,
    mysqlOptions,
    natsJetstream,
  } = context;
  const makers = {
    kafka: () => kafkaServers({ ...context, brokers, config: kafkaConfig, sasl, side, heapMb }),
    zookeeper: () => [zookeeperServer({ ...context, config: zookeeperConfig })],
    mysql: () => [mysqlServer({ ...context, options: mysqlOptions })],
    nats: () => [natsServer({ ...context, hasJetstream: natsJetstream })],
  };
  return own.flatMap((name) => makers[name]());
}

/** Data that is removed anyway needs no orderly end; three brokers that end together would wait for each other. */
function stopper(servers, launcher, isTemporary) {
  let stopped;
  return () => {
    stopped ??= (async () => {
      await Promise.all([...servers.values()].map((server) => (isTemporary ? server.kill() : server.end())));
      await launcher.close();
    })();
    return stopped;
  };
}

function controls(servers) {
  const find = (name) => {
    const server = servers.get(name);
    if (server === undefined)
      throw new Error(`no server ${name} was started here; there are: ${[...servers.keys()].join(', ')}`);
    return server;
  };
  return {
    names: [...servers.keys()],
    pid: (name) => find(name).pid,
    records: () => [...servers.values()].map((server) => server.record),
    kill: async (name) => await find(name).kill(),
    end: async (name) => await find(name).end(),
    restart: async (name) => await find(name).restart(),
    pause: (name) => find(name).pause(),
    resume: (name) => find(name).resume(),
  };
}

/** `mysql://user:password@host:port/db` taken apart; the parts that it leaves out are the usual ones. */
export function parseMysqlUrl(url) {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username || mysqlAccount.user),
    password: decodeURIComponent(password),
    db: pathname.slice(1) || mysqlAccount.db,
    url,
  };
}

function ownMysql(port) {
  const { user, password, db } = mysqlAccount;
  return {
    host,
    port,
    user,
    password,
    db,
    url: `mysql://${user}:${password}@${host}:${port}/${db}`,
    admin: mysqlAdmin,
  };
}

const withoutScheme = (url) => url.replace(/^[a-z]+:\/\//, '');

function addresses(only, own, { env, identity, kafkaBrokers, options }) {
  const { ports } = identity;
  const found = {};
  const pick = (name, ours, theirs) => (own.includes(name) ? ours() : theirs(env[urlVariables[name]]));
  for (const name of only) {
    if (name === 'mysql') found.mysql = pick(name, () => ownMysql(ports.mysql), parseMysqlUrl);
    if (name === 'zookeeper') found.zookeeperUrl = pick(name, () => `${host}:${ports.zookeeper}`, withoutScheme);
    if (name === 'nats')
      found.natsUrl = pick(
        name,
        () => `nats://${host}:${ports.nats}`,
        (url) => url,
      );
    if (name !== 'kafka') continue;
    const brokers = () => kafkaNames(kafkaBrokers).map((each) => `${host}:${ports[each]}`);
    found.kafkaUrl = pick(name, () => brokers().join(','), withoutScheme);
    if (own.includes(name) && options.kafkaSasl) found.kafkaUsers = kafkaUsers;
  }
  return found;
}

/** The addresses as environment variables, for a child process. */
export function asEnvironment({ kafkaUrl, zookeeperUrl, mysql, natsUrl }) {
  const all = { KAFKA_URL: kafkaUrl, ZOOKEEPER_URL: zookeeperUrl, MYSQL_URL: mysql?.url, NATS_URL: natsUrl };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
