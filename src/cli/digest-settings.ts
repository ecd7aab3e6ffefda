import { hostname } from 'node:os';
import type { DigestView } from '../config/load-digest.js';
import { loadDigestConfig } from '../config/load-digest.js';
import { problemText } from '../config/problem.js';
import { type DigestRules, digestRules } from '../digest/digest-rules.js';
import { type ListenAddress, parseListenAddress } from '../domain/listen-address.js';
import { type NatsServers, parseNatsServers } from '../domain/nats-servers.js';
import { type Command, type CommandArguments, type CommandIo, UsageError } from './command.js';
import { warningText } from './configuration.js';
import { listenOption } from './listen-option.js';

const usualFile = '/etc/mon/notification.yaml';
const usualServer = 'nats://127.0.0.1:4222';

/** Where the digest is found: shared by all its commands. */
export const digestPlaceOptions = {
  transport: { value: 'nats|kafka', description: 'where messages are read and written (default nats)' },
  nats: { value: 'URL', description: `servers, separated by commas (default ${usualServer})` },
  'engine-config': { value: 'FILE', description: `brokers, topics, secrets, schedules (default ${usualFile})` },
} as const satisfies Command['options'];

/** Options of the daemon besides. */
export const digestOptions = {
  ...digestPlaceOptions,
  jetstream: {
    value: 'auto|on|off',
    description: 'auto: when the server offers it; off: in memory only (default auto)',
  },
  workers: { value: 'N', description: 'workers of the whole deployment (default 8); on Kafka the partitions count' },
  lock: {
    value: 'topic|partition',
    description: 'topic: one instance works; partition: instances share (default topic)',
  },
  'from-alarms': { description: 'on Kafka: fold the alarms on kafka.alarm_topic, too, by their tenant' },
  empty: { value: 'skip|send', description: 'what a command does when there is nothing to send (default skip)' },
  'tombstone-days': { value: 'N', description: 'how long cleared alarms are remembered (default 30)' },
  'metrics-listen': {
    value: 'HOST:PORT',
    description: 'admin endpoint: /health /ready /metrics /status (default off)',
  },
} as const satisfies Command['options'];

/** The file with what the options say in its place. */
export interface DigestSettings {
  readonly config: DigestView;
  readonly transport: 'nats' | 'kafka';
  readonly natsServers: NatsServers;
  readonly jetstream: 'auto' | 'on' | 'off';
  readonly workerCount: number;
  readonly lock: 'topic' | 'partition';
  readonly rules: DigestRules;
  readonly listen: ListenAddress | undefined;
  readonly instance: string;
}

/** Options and file together; problems of the file go to stderr and give undefined: exit code 78. @throws UsageError */
export function readDigestSettings(args: CommandArguments, io: CommandIo): DigestSettings | undefined {
  const given = readOptions(args);
  const named = args.text('engine-config') ?? io.environment.MON_NOTIFICATION_CONFIG;
  const loaded = loadDigestConfig(named || usualFile, io.environment, {
    mayBeMissing: !named,
    needsKafka: (transport) => (given.transport ?? transport) === 'kafka',
  });
  for (const warning of loaded.warnings) io.err(warningText(warning));
  if (loaded.kind === 'invalid') {
    for (const problem of loaded.problems) io.err(problemText(problem));
    return undefined;
  }
  const { digest: inFile } = loaded.config;
  const digest = { ...inFile, fromAlarms: inFile.fromAlarms || given.fromAlarms };
  const config = { ...loaded.config, digest };
  const transport = given.transport ?? digest.transport;
  if (given.fromAlarms && transport === 'nats') throw new UsageError('--from-alarms: needs --transport kafka');
  const lock = given.lock ?? digest.lock;
  const natsServers = given.natsServers ?? parseNatsServers(digest.nats?.reveal() ?? usualServer);
  // The file was checked with the same eyes.
  if (natsServers === undefined) throw new RangeError('digest.nats was checked');
  return {
    config,
    transport,
    natsServers,
    jetstream: given.jetstream ?? digest.jetstream,
    workerCount: given.workerCount ?? digest.workerCount,
    lock,
    rules: digestRules({
      ...digest,
      empty: given.empty ?? digest.empty,
      tombstoneDays: given.tombstoneDays ?? digest.tombstoneDays,
    }),
    listen: given.listen ?? parseListenAddress(digest.metricsListen ?? ''),
    instance: `${hostname()}-${process.pid}`,
  };
}

function readOptions(args: CommandArguments) {
  return {
    transport: choice(args, 'transport', ['nats', 'kafka']),
    natsServers: natsOption(args),
    jetstream: choice(args, 'jetstream', ['auto', 'on', 'off']),
    workerCount: whole(args, 'workers', 1024),
    lock: choice(args, 'lock', ['topic', 'partition']),
    empty: choice(args, 'empty', ['skip', 'send']),
    tombstoneDays: whole(args, 'tombstone-days', 3650),
    listen: listenOption(args),
    fromAlarms: args.has('from-alarms'),
  } as const;
}

function choice<Word extends string>(args: CommandArguments, name: string, words: readonly Word[]): Word | undefined {
  const text = args.text(name);
  const word = words.find((one) => one === text);
  if (text !== undefined && word === undefined) {
    throw new UsageError(`--${name}: expected ${words.join(' or ')}, got ${JSON.stringify(text)}`);
  }
  return word;
}

function whole(args: CommandArguments, name: string, maximum: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const value = /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > maximum) {
    throw new UsageError(`--${name}: expected a whole number from 1 to ${maximum}, got ${JSON.stringify(text)}`);
  }
  return value;
}

/** The text is not quoted: it may hold a password. */
function natsOption(args: CommandArguments): NatsServers | undefined {
  const text = args.text('nats');
  const servers = text === undefined ? undefined : parseNatsServers(text);
  if (text === undefined || servers !== undefined) return servers;
  throw new UsageError('--nats: expected nats://HOST:PORT, or several separated by commas; % in a password is %25');
}
