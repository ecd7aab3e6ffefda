import type { ListenAddress } from '../domain/listen-address.js';
import type { AlertExecOptions } from '../producers/alert-exec/alert-exec.js';
import { parseServerUrl, type ServerUrl } from '../producers/alert-exec/http-transport.js';
import type { Level } from '../telemetry/log-line.js';
import { choiceOption } from './choice-option.js';
import { type Command, type CommandArguments, UsageError } from './command.js';
import { listenOption } from './listen-option.js';
import { clampedOption, numberOption } from './number-option.js';

/** The options of `alert-exec`, as the usage shows them. */
export const alertExecOptions = {
  concurrency: { short: 'c', value: 'CONCURRENCY', description: 'worker concurrency (default: 2)' },
  interval: { short: 'i', value: 'INTERVAL', description: 'internal operation interval. max 15 (default: 1)' },
  retry: { short: 'r', value: 'RETRY', description: 'Failure retry count (default: 3)' },
  log: {
    short: 'l',
    value: 'LOG',
    description: 'logging level eg. [critical, error, warn, warning, info, debug] (default: info)',
  },
  url: { value: 'URL', mayBeEmpty: true, description: 'alerts server (default http://127.0.0.1:9001)' },
  timeout: { value: 'SECONDS', description: 'total time of one request (default 5)' },
  sink: {
    value: 'http|kafka',
    description: 'whom to tell: the alerts server itself, or the alarm topic (default http)',
  },
  'engine-config': {
    value: 'FILE',
    description: 'with kafka: brokers, topic, secrets (default /etc/mon/notification.yaml, or MON_NOTIFICATION_CONFIG)',
  },
  tenant: { value: 'ID', description: 'tenant of the alarms of --sink kafka (default: default)' },
  'definition-id': { value: 'ID', description: 'one alarm definition for all alarms (default: derived from the name)' },
  key: {
    value: 'tenant|alarm',
    description: 'with kafka: key of the events; alarm spreads a large tenant, and is not for digests (default tenant)',
  },
  'list-ids': { description: 'print name, alarmId and alarmDefinitionId of all alerts, and end' },
  refresh: {
    value: 'SECONDS',
    description: 'load the list of alerts again so often, at least 10 (default 0: at SIGHUP)',
  },
  state: { value: 'FILE', description: 'state of --sink kafka over restarts (default /var/lib/mon/alert-exec.json)' },
  'unknown-after': {
    value: 'SECONDS',
    description: 'with --sink kafka: a query that fails so long makes its alert UNKNOWN (default 300, 0 = never)',
  },
  sustain: { description: 'honour sustainSecs: a worse state counts when it has held so long' },
  'metrics-listen': { value: 'HOST:PORT', description: 'show metrics, /health and /ready there' },
  demo: { value: '[SECONDS]', description: 'run against a fake server for so long (default 60, 0 = until Ctrl-C)' },
} as const satisfies Command['options'];

/** The command line, understood. */
export interface AlertExecSettings {
  readonly engine: AlertExecOptions;
  readonly server: ServerUrl;
  readonly sink: 'http' | 'kafka';
  /** Undefined: not named. */
  readonly engineConfig: string | undefined;
  readonly stateFile: string;
  readonly keyBy: 'tenant' | 'alarm';
  readonly logLevel: Level;
  readonly metrics: ListenAddress | undefined;
  readonly listsIds: boolean;
  /** Undefined: no demo; 0: until it is stopped. */
  readonly demoMs: number | undefined;
}

const levels: Readonly<Record<string, Level>> = {
  critical: 'error',
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
};
const longestSeconds = 86_400;
const shortestRefreshSeconds = 10;

/** Reads the command line. @throws UsageError */
export function alertExecSettings(args: CommandArguments): AlertExecSettings {
  const logLevel = levels[(args.text('log') ?? 'info').toLowerCase()];
  if (logLevel === undefined) {
    throw new UsageError(
      `--log: expected one of ${Object.keys(levels).join(', ')}, got ${JSON.stringify(args.text('log'))}`,
    );
  }
  const sink = choiceOption(args, 'sink', ['http', 'kafka']);
  const unknownSeconds = seconds(args, 'unknown-after', 300, 0);
  const refreshSeconds = seconds(args, 'refresh', 0, 0);
  return {
    engine: {
      concurrency: clampedOption(args, 'concurrency', { byDefault: 2, least: 1, most: 100_000 }),
      tickMs: clampedOption(args, 'interval', { byDefault: 1, least: 1, most: 15 }) * 1_000,
      rules: {
        attempts: clampedOption(args, 'retry', { byDefault: 3, least: 1, most: 10 }),
        timeoutMs: seconds(args, 'timeout', 5, 0.001) * 1_000,
        unknownAfterMs: sink === 'kafka' && unknownSeconds > 0 ? unknownSeconds * 1_000 : undefined,
        withSustain: args.has('sustain'),
        tenantId: identifier(args, 'tenant', 255) ?? 'default',
        definitionId: identifier(args, 'definition-id', 36),
      },
      refreshMs: refreshSeconds === 0 ? undefined : Math.max(shortestRefreshSeconds, refreshSeconds) * 1_000,
      showsStates: logLevel === 'debug',
    },
    server: serverOf(args),
    sink,
    engineConfig: args.text('engine-config'),
    keyBy: choiceOption(args, 'key', ['tenant', 'alarm']),
    stateFile: args.text('state') ?? '/var/lib/mon/alert-exec.json',
    logLevel,
    metrics: listenOption(args),
    listsIds: args.has('list-ids'),
    demoMs: demoOf(args),
  };
}

function seconds(args: CommandArguments, name: string, byDefault: number, least: number): number {
  return numberOption(args, name, { byDefault, least, most: longestSeconds });
}

function identifier(args: CommandArguments, name: string, maxLength: number): string | undefined {
  const text = args.text(name);
  if (text === undefined || text.length <= maxLength) return text;
  throw new UsageError(`--${name}: expected at most ${maxLength} characters, got ${text.length}`);
}

function serverOf(args: CommandArguments): ServerUrl {
  const server = parseServerUrl(args.text('url') ?? '');
  // The address is not quoted: it may hold a password.
  if (server === undefined) throw new UsageError('--url: expected http://HOST:PORT or https://HOST:PORT');
  return server;
}

function demoOf(args: CommandArguments): number | undefined {
  if (!args.has('demo')) return undefined;
  if (args.text('demo') === '') return 60_000;
  return seconds(args, 'demo', 60, 0) * 1_000;
}
