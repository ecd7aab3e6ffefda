/**
 * Everything that the demo needs before its first alarm: built program, services, data, receivers, engines.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, buildTests, ensurePackages } from '../build.mjs';
import { guardedLauncher } from '../launch.mjs';
import { withProgress } from '../progress.mjs';
import { startServices } from '../services.mjs';
import { EndpointMonitor } from './endpoint-monitor.mjs';
import { DemoEngine, writeConfig } from './engines.mjs';
import { attempt, until } from './failure.mjs';
import { DemoKafka, DemoZookeeper, loadDatabase, namesFor } from './outside.mjs';
import { startReceivers } from './receivers.mjs';

const inSeconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

/** Installs the npm packages and compiles. */
async function build(screen) {
  const startedAtMs = Date.now();
  const where = 'this working copy';
  const registry = 'can npm reach its registry (npm config get registry), and is the disk full?';
  await attempt('installing the npm packages', { where, check: registry }, () =>
    withProgress(screen.note, 'installing the npm packages', () => ensurePackages(() => {})),
  );
  await attempt('compiling', { where, check: 'git status: is the source changed?' }, () =>
    Promise.all([buildProgram(screen.note), buildTests(screen.note)]),
  );
  screen.fact('program', `built in ${inSeconds(Date.now() - startedAtMs)}`);
}

/** After a failure: their data goes, their logs stay beside the engine's. */
async function keepLogs(started, folder) {
  const copies = started.records().map(({ name, logFile }) => copyFile(logFile, join(folder, `${name}.log`)));
  await Promise.all(copies);
}

async function services(screen, env, closers, folder) {
  const startedAtMs = Date.now();
  const about = {
    where: 'the services (Kafka, ZooKeeper, MariaDB)',
    check:
      'free memory, free disk, and whether apt and Maven reach their repositories; or name running ones by KAFKA_URL, ZOOKEEPER_URL, MYSQL_URL',
  };
  const started = await attempt('starting the services', about, () => startServices({ log: screen.note, env }));
  closers.add('the services', started.stop);
  closers.add('the logs of the services', (isFine) => (isFine ? undefined : keepLogs(started, folder)));
  const origin = (variable) =>
    env[variable] ? `named by ${variable}` : `started in ${inSeconds(Date.now() - startedAtMs)}`;
  screen.fact('Kafka', `${started.kafkaUrl}  ${screen.dim(origin('KAFKA_URL'))}`);
  screen.fact('ZooKeeper', `${started.zookeeperUrl}  ${screen.dim(origin('ZOOKEEPER_URL'))}`);
  screen.fact('MySQL', `${started.mysql.host}:${started.mysql.port}  ${screen.dim(origin('MYSQL_URL'))}`);
  return started;
}

/** Clients, data and receivers: what alarms need on both sides of the engine. */
async function furnish(screen, env, closers, { kafkaUrl, zookeeperUrl, mysql }) {
  const names = namesFor(env);
  const receivers = await startReceivers();
  closers.add('the receivers', receivers.stop);
  const { mail, web, slow, shop } = receivers;
  const kafka = new DemoKafka(kafkaUrl, names);
  const zookeeper = new DemoZookeeper(names);
  closers.add('the connections to Kafka and ZooKeeper', async () => {
    await kafka.close();
    zookeeper.close();
  });
  const undo = (variable, what, remove) => {
    if (env[variable]) closers.add(what, remove);
  };
  await allOrNone(
    loadDatabase(mysql, names.db, { webhookUrl: web.url, slowUrl: slow.url }).then((drop) =>
      undo('MYSQL_URL', 'the database of the demo', drop),
    ),
    kafka.open().then(() => undo('KAFKA_URL', 'the topics of the demo', () => kafka.removeTraces())),
    zookeeper
      .open(zookeeperUrl)
      .then(() => undo('ZOOKEEPER_URL', 'the nodes of the demo', () => zookeeper.removeTraces())),
  );
  screen.fact('receivers', `mail 127.0.0.1:${mail.port}, webhooks ${web.url} and ${slow.url}`);
  return { names, mail, web, slow, shop, kafka, zookeeper };
}

async function startEngines(screen, count, closers, { folder, configFile, launcher }) {
  const startedAtMs = Date.now();
  const engines = Array.from(
    { length: count },
    (_, index) => new DemoEngine(`engine-${index + 1}`, { folder, configFile, launcher, log: screen.note }),
  );
  closers.add('the engines', async () => await Promise.all(engines.map((engine) => engine.end())));
  const about = { where: folder, check: 'the reasons in the log lines above; the configuration beside them' };
  await attempt('starting the engine', about, () => Promise.all(engines.map((engine) => engine.start())));
  const active = await firstActive(screen, engines);
  const took = inSeconds(Date.now() - startedAtMs);
  for (const engine of engines) {
    const { role, pid, workers } = await engine.status();
    const how = `pid ${pid}, ${workers.length} worker processes`;
    screen.fact(engine.name, `${screen.green(role)}, ${how}  ${screen.dim(`ready in ${took}`)}`);
  }
  return { engines, active };
}

/** Waits until one of the engines has the lock, and answers with that one. */
async function firstActive(screen, engines) {
  const look = async () => {
    const roles = await Promise.all(engines.map(async (engine) => (await engine.status()).role));
    return engines[roles.indexOf('active')];
  };
  const check = 'lock_waiting and lock_blocked in the log';
  return await until('an engine to become active', { look, check, engine: engines[0], log: screen.note });
}

/**
 * Prepares the show. What must be undone is added to `closers` as soon as it exists. Resolves to `{ names, engines, active,
 * mail, web, slow, shop, kafka, zookeeper, monitor, configFile }`; `active` is the engine that reads alarms.
 */
export async function prepareWorld(screen, { engineCount, env, closers }) {
  const folder = await mkdtemp(join(tmpdir(), 'mon-notification-demo-'));
  closers.add('the files of the demo', async (isFine) => {
    if (isFine) await rm(folder, { recursive: true });
    else screen.note(`configuration and logs are kept in ${folder}`);
  });
  // The services need no package, so both take their time side by side.
  const [started] = await allOrNone(services(screen, env, closers, folder), build(screen));
  const world = await furnish(screen, env, closers, started);
  const configFile = join(folder, 'notification.yaml');
  const mysql = { ...started.mysql, db: world.names.db ?? started.mysql.db };
  const { kafkaUrl, zookeeperUrl } = started;
  await writeConfig(configFile, { kafkaUrl, zookeeperUrl, ...world.names, mysql, mailPort: world.mail.port });
  const launcher = guardedLauncher();
  closers.add('the guard of the engines', launcher.close);
  const running = await startEngines(screen, engineCount, closers, { folder, configFile, launcher });
  const monitor = new EndpointMonitor(world.shop, { folder, configFile, launcher, log: screen.note });
  closers.add(monitor.name, async () => await monitor.end());
  await until('the output topics', {
    look: async () => await world.kafka.hasAllTopics(),
    ...{ engine: running.active, check: 'kafka.create_topics, and the log', log: screen.note },
  });
  await attempt('reading the topics', { where: `Kafka at ${kafkaUrl}`, check: 'may anybody read there?' }, () =>
    world.kafka.watch(),
  );
  return { ...world, ...running, monitor, configFile };
}

/** Waits for all, also when one has failed: what the others start must be known before it can be stopped. */
async function allOrNone(...works) {
  const ended = await Promise.allSettled(works);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return ended.map(({ value }) => value);
}
