import type { ListenAddress } from '../domain/listen-address.js';
import type { PercentStyle } from '../producers/endpoint-monitor/availability.js';
import { checkLimitMs } from '../producers/endpoint-monitor/cycle-plan.js';
import { choiceOption } from './choice-option.js';
import { type Command, type CommandArguments, UsageError } from './command.js';
import { listenOption } from './listen-option.js';

/** The options of `monitor-endpoints`. */
export const monitorOptions = {
  'health-check-frequency': {
    value: 'INTEGER',
    short: 'f',
    description: 'Frequency with which to check health in seconds. (default: 15)',
  },
  'run-duration': {
    value: 'INTEGER',
    short: 'r',
    description: 'Length of time to run program in seconds. (default: no limit)',
  },
  threshold: { value: 'MS', description: 'a slower answer is not available (default: 500)' },
  exclusive: { description: 'an answer of exactly the threshold is too slow' },
  percent: { value: 'STYLE', description: 'truncate: drop decimals; round: to the nearest whole (default: truncate)' },
  'no-follow': { description: 'do not follow redirects: the first status decides' },
  'fresh-connections': { description: 'a new connection for every check' },
  details: { description: 'after the domains a line for each endpoint' },
  sink: { value: 'WHERE', description: 'console; kafka: publish changes of state as well (default: console)' },
  quiet: { description: 'with kafka: no report on the console' },
  'fail-after': { value: 'N', description: 'with kafka: so many equal results in a row make a change (default: 1)' },
  'engine-config': {
    value: 'FILE',
    description: 'with kafka: brokers, topic, secrets (default /etc/mon/notification.yaml, or MON_NOTIFICATION_CONFIG)',
  },
  tenant: { value: 'ID', description: 'with kafka: tenant of the alarms (default: default)' },
  'definition-id': { value: 'ID', description: 'with kafka: one definition id for all alarms (default: one each)' },
  key: {
    value: 'tenant|alarm',
    description: 'with kafka: key of the events; alarm spreads a large tenant, not for digests (default: tenant)',
  },
  'list-ids': { description: 'print the ids of the alarms, ready for SQL, and end' },
  state: {
    value: 'FILE',
    description: 'with kafka: what was announced (default: /var/lib/mon/monitor-endpoints.json)',
  },
  'no-progress': { description: 'no line of progress on a terminal' },
  'metrics-listen': { value: 'HOST:PORT', description: 'answer /metrics, /health and /ready there (default: off)' },
} as const satisfies Command['options'];

/** What the command line asks for. */
export interface MonitorSettings {
  readonly file: string;
  readonly everyMs: number;
  readonly durationMs: number | undefined;
  readonly thresholdMs: number;
  readonly isExclusive: boolean;
  readonly percent: PercentStyle;
  readonly followsRedirects: boolean;
  readonly reusesConnections: boolean;
  readonly hasDetails: boolean;
  readonly publishes: boolean;
  readonly isQuiet: boolean;
  readonly failAfterCount: number;
  readonly tenantId: string;
  readonly definitionId: string | undefined;
  readonly onlyLists: boolean;
  /** Undefined: not named. */
  readonly engineConfig: string | undefined;
  readonly stateFile: string;
  readonly keyBy: 'tenant' | 'alarm';
  readonly hasProgress: boolean;
  readonly metrics: ListenAddress | undefined;
}

/** Timers reach no further than 24 days. */
const longestSeconds = 2_000_000;
const defaultStateFile = '/var/lib/mon/monitor-endpoints.json';

/** @throws UsageError, naming the option and what it takes. */
export function readMonitorSettings(args: CommandArguments): MonitorSettings {
  const [file] = args.positionals;
  if (file === undefined || args.positionals.length !== 1) {
    throw new UsageError(`expected one CONFIG_FILE_PATH, got ${args.positionals.length}`);
  }
  const everyMs = 1_000 * (whole(args, 'health-check-frequency', longestSeconds) ?? 15);
  const durationSeconds = whole(args, 'run-duration', Number.MAX_SAFE_INTEGER / 1_000_000);
  const thresholdMs = whole(args, 'threshold', 1_000 * longestSeconds) ?? 500;
  const limitMs = checkLimitMs(everyMs);
  if (thresholdMs >= limitMs) {
    throw new UsageError(`--threshold: expected less than the ${limitMs} ms that a check may take, got ${thresholdMs}`);
  }
  const publishes = choiceOption(args, 'sink', ['console', 'kafka']) === 'kafka';
  if (args.has('quiet') && !publishes) throw new UsageError('--quiet: expected --sink kafka beside it');
  return {
    ...{ file, everyMs, thresholdMs, publishes },
    durationMs: durationSeconds === undefined ? undefined : 1_000 * durationSeconds,
    isExclusive: args.has('exclusive'),
    percent: choiceOption(args, 'percent', ['truncate', 'round']),
    followsRedirects: !args.has('no-follow'),
    reusesConnections: !args.has('fresh-connections'),
    hasDetails: args.has('details'),
    isQuiet: args.has('quiet'),
    failAfterCount: whole(args, 'fail-after', 1_000_000) ?? 1,
    tenantId: identifier(args, 'tenant', 255) ?? 'default',
    definitionId: identifier(args, 'definition-id', 36),
    onlyLists: args.has('list-ids'),
    engineConfig: args.text('engine-config'),
    keyBy: choiceOption(args, 'key', ['tenant', 'alarm']),
    stateFile: args.text('state') ?? defaultStateFile,
    hasProgress: !args.has('no-progress'),
    metrics: listenOption(args),
  };
}

type OptionName = keyof typeof monitorOptions;

function whole(args: CommandArguments, name: OptionName, maximum: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= maximum) return number;
  const range = maximum > 1e9 ? 'of at least 1' : `from 1 to ${maximum}`;
  throw new UsageError(`--${name}: expected a whole number ${range}, got ${JSON.stringify(text)}`);
}

function identifier(args: CommandArguments, name: OptionName, longest: number): string | undefined {
  const text = args.text(name);
  if (text === undefined || (text.length <= longest && !/\p{Cc}/u.test(text))) return text;
  throw new UsageError(`--${name}: expected at most ${longest} characters without control characters`);
}
