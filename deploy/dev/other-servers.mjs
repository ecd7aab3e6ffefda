/**
 * How ZooKeeper, MariaDB and NATS are started. Each function answers with a description for launch.mjs.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mysqlAnswers, natsAnswers, zookeeperAnswers } from './answers.mjs';
import { mustRun } from './command.mjs';
import { host } from './ports.mjs';

/** The database and its users: `notify` for everything but granting, `root_tcp` for tests of missing rights. */
export const mysqlAccount = { user: 'notify', password: 'notify', db: 'mon' };
export const mysqlAdmin = { user: 'root_tcp', password: 'root_tcp' };

export function zookeeperServer({ dir, identity, java, jars, config = {} }) {
  const own = join(dir, 'zookeeper');
  const file = join(own, 'zoo.cfg');
  const port = identity.ports.zookeeper;
  const settings = {
    dataDir: join(own, 'data'),
    clientPort: port,
    clientPortAddress: host,
    // Sessions end at the next tick: short ticks make expiry punctual. The bounds are those of the default tick, 1 s below.
    tickTime: 500,
    minSessionTimeout: 1_000,
    maxSessionTimeout: 40_000,
    maxClientCnxns: 0,
    'admin.enableServer': false,
    '4lw.commands.whitelist': '*',
    ...config,
  };
  return {
    name: 'zookeeper',
    port,
    logFile: join(own, 'server.log'),
    command: java.path,
    args: [
      ...['-Xmx32m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.preAllocSize=1024'],
      ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', join(jars, '*')],
      ...['org.apache.zookeeper.server.quorum.QuorumPeerMain', file],
    ],
    env: java.env,
    prepare: async () => {
      await mkdir(join(own, 'data'), { recursive: true });
      const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
      await writeFile(file, lines.join(''));
    },
    answers: async () => await zookeeperAnswers({ host, port }),
  };
}

export function mysqlServer({ dir, identity, mariadbd, options = [] }) {
  const own = join(dir, 'mysql');
  const data = join(own, 'data');
  const port = identity.ports.mysql;
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  const common = ['--no-defaults', `--lc-messages-dir=${mariadbd.share}`, '--innodb-log-file-size=4M', ...asRoot];
  return {
    name: 'mysql',
    port,
    logFile: join(own, 'server.log'),
    command: mariadbd.path,
    args: [
      ...[...common, `--datadir=${data}`, '--socket=server.sock', `--pid-file=${join(own, 'server.pid')}`],
      ...[
        `--port=${port}`,
        `--bind-address=${host}`,
        '--skip-name-resolve',
        '--performance-schema=off',
        '--skip-log-bin',
      ],
      ...[
        '--innodb-buffer-pool-size=16M',
        '--key-buffer-size=1M',
        '--aria-pagecache-buffer-size=2M',
        '--max-connections=300',
      ],
      ...['--character-set-server=utf8mb4', '--collation-server=utf8mb4_unicode_ci'],
      // A commit survives the end of the process, though not that of the machine.
      ...['--innodb-flush-log-at-trx-commit=2', ...options],
    ],
    env: mariadbd.env,
    prepare: async () => {
      if (!existsSync(data)) await bootstrap(own, data, common, mariadbd);
    },
    answers: async () => await mysqlAnswers({ host, port, user: mysqlAccount.user, password: mysqlAccount.password }),
  };
}

/** Makes the system tables, the database and the users; the data directory appears when all of it is done. */
async function bootstrap(own, data, common, mariadbd) {
  const unfinished = join(own, 'data.unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const systemTables = await Promise.all(mariadbd.sql.map((file) => readFile(file, 'utf8')));
  // In this mode a statement ends where its line ends.
  const statements = [
    ...['create database mysql;', 'use mysql;', ...systemTables, 'flush privileges;'],
    `create database ${mysqlAccount.db} default character set utf8mb4 collate utf8mb4_unicode_ci;`,
    `create user ${mysqlAccount.user}@'${host}' identified by '${mysqlAccount.password}';`,
    `grant all on *.* to ${mysqlAccount.user}@'${host}';`,
    `create user ${mysqlAdmin.user}@'${host}' identified by '${mysqlAdmin.password}';`,
    `grant all on *.* to ${mysqlAdmin.user}@'${host}' with grant option;`,
  ];
  await mustRun(mariadbd.path, [...common, '--bootstrap', `--datadir=${unfinished}`], {
    env: { ...process.env, ...mariadbd.env },
    input: `${statements.join('\n')}\n`,
  });
  await rename(unfinished, data);
}

export function natsServer({ dir, identity, nats, hasJetstream = true }) {
  const own = join(dir, 'nats');
  const port = identity.ports.nats;
  return {
    name: 'nats',
    port,
    logFile: join(own, 'server.log'),
    command: nats.path,
    args: ['-a', host, '-p', String(port), ...(hasJetstream ? ['-js', '-sd', join(own, 'data')] : [])],
    env: nats.env,
    prepare: async () => await mkdir(join(own, 'data'), { recursive: true }),
    answers: async () => await natsAnswers({ host, port }),
  };
}
