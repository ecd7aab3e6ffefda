/**
 * How Kafka is started: one broker, or three that are controllers as well, so that any one of them can be killed.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaAnswers } from './answers.mjs';
import { host } from './ports.mjs';

/** Users of a Kafka with `sasl`: `admin` may everything, `notify` only what a test allows it. */
export const kafkaUsers = { admin: 'admin-secret', notify: 'notify-secret' };

/** Names of the brokers, and of the ports they need. */
export function kafkaNames(brokers) {
  return brokers === 1 ? ['kafka'] : Array.from({ length: brokers }, (_, index) => `kafka-${index + 1}`);
}

export function kafkaPortNames(brokers) {
  return kafkaNames(brokers).flatMap((name) => [name, `${name}-controller`]);
}

function baseConfig({ id, name, brokers, identity, dir }) {
  const { ports } = identity;
  const voters = kafkaNames(brokers).map((each, index) => `${index + 1}@${host}:${ports[`${each}-controller`]}`);
  const copies = String(Math.min(brokers, 3));
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${ports[name]},CONTROLLER://${host}:${ports[`${name}-controller`]}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker's registration must expire before it may come back: 4 s instead of 16 s.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    // The default would take 128 MB of heap.
    'log.cleaner.dedupe.buffer.size': '2097152',
    'log.index.size.max.bytes': '1048576',
    'num.network.threads': '2',
    'num.io.threads': '2',
  };
}

/** Settings for a broker that wants to know who asks (SASL PLAIN) and what he may (ACLs; nothing without one). */
function saslConfig(port, controllerPort) {
  const users = Object.entries(kafkaUsers).map(([user, password]) => `user_${user}="${password}"`);
  const login = `username="admin" password="${kafkaUsers.admin}" ${users.join(' ')}`;
  return {
    listeners: `SASL_PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'inter.broker.listener.name': 'SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${login};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // Only the controller listener, on which the brokers talk among themselves, knows no users.
    'super.users': 'User:admin;User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'false',
  };
}

/** A second door: clients that come in by `port` are told to go on at `advertisedPort`, where a proxy may stand. */
function secondListener(usual, { port, advertisedPort }) {
  return {
    listeners: `${usual.listeners},SIDE://${host}:${port}`,
    'advertised.listeners': `${usual.listeners.split(',')[0]},SIDE://${host}:${advertisedPort}`,
    'listener.security.protocol.map': `${usual['listener.security.protocol.map']},SIDE:PLAINTEXT`,
    'inter.broker.listener.name': 'PLAINTEXT',
  };
}

/**
 * Descriptions of the brokers, for launch.mjs. `config` overrides settings of all of them, `sasl` asks for log-in and ACLs, `side` for a
 * second listener { port, advertisedPort } of a single broker.
 */
export function kafkaServers(context) {
  const { dir, identity, java, jars, brokers = 1, config = {}, sasl = false, side, heapMb = 96 } = context;
  const { ports, clusterId } = identity;
  const allPorts = kafkaNames(brokers).map((name) => ports[name]);
  return kafkaNames(brokers).map((name, index) => {
    const own = join(dir, name);
    const file = join(own, 'server.properties');
    const port = ports[name];
    const usual = baseConfig({ id: index + 1, name, brokers, identity, dir: own });
    const settings = {
      ...usual,
      ...(side === undefined ? {} : secondListener(usual, side)),
      ...(sasl ? saslConfig(port, ports[`${name}-controller`]) : {}),
      ...config,
    };
    const asker = sasl ? { username: 'admin', password: kafkaUsers.admin } : undefined;
    return {
      name,
      port,
      logFile: join(own, 'server.log'),
      command: java.path,
      args: [
        ...[
          `-Xmx${heapMb}m`,
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        ],
        ...['-cp', join(jars, '*'), 'kafka.Kafka', file],
      ],
      env: java.env,
      prepare: async () => await writeFiles({ own, file, settings, clusterId, id: index + 1 }),
      answers: async ({ isFirstStart }) =>
        await kafkaAnswers({ host, port, expectedPorts: isFirstStart ? allPorts : [port], sasl: asker }),
    };
  });
}

/** Writes the settings, and formats an empty data directory: that is one small file. */
async function writeFiles({ own, file, settings, clusterId, id }) {
  const data = join(own, 'data');
  await mkdir(data, { recursive: true });
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(file, lines.join(''));
  const meta = join(data, 'meta.properties');
  if (existsSync(meta)) return;
  await writeFile(meta, `version=1\ncluster.id=${clusterId}\nnode.id=${id}\n`);
}
