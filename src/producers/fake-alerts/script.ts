import { ConfigurationError } from '../../domain/errors.js';
import { parseAlertList } from '../alert-exec/alert.js';

/** One answer to a query: a value, or a status or body in its place, late or never. */
export interface Step {
  readonly value?: number;
  readonly status?: number;
  readonly body?: string;
  readonly delayMs?: number;
  /** `before`: no answer at all. `after`: carried out, and no answer. */
  readonly hang?: 'before' | 'after';
}

/** What a fake alerts server does. An alert without steps has values of chance; the last step of a list stays. */
export interface Script {
  /** As the list is sent: alert objects of any kind. */
  readonly alerts: readonly unknown[];
  readonly steps: Readonly<Record<string, readonly Step[]>>;
  /** Answers to `/alerts`, `/notify` and `/resolve`; behind the last one all goes well. */
  readonly list: readonly Step[];
  readonly notify: readonly Step[];
  readonly resolve: readonly Step[];
}

type Members = Readonly<Record<string, unknown>>;

const maxCount = 100_000;

/** Alerts as the public test image sends them. */
export function sampleAlerts(count: number, intervalSecs: number, repeatIntervalSecs: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `alert-${index + 1}`,
    query: `test-query-${index + 1}`,
    intervalSecs,
    repeatIntervalSecs,
    warn: { value: 100, message: 'warning' },
    critical: { value: 200, message: 'critical' },
    sustainSecs: 0,
  }));
}

/** A script without steps. */
export function plainScript(alerts: readonly unknown[]): Script {
  return { alerts, steps: {}, list: [], notify: [], resolve: [] };
}

/**
 * Reads a script: JSON with `alerts` (objects as the list has them, each with its `values` if it has any) or `generate` (`count`,
 * `intervalSecs`, `repeatIntervalSecs`), and lists of steps under `list`, `notify` and `resolve`. A step is a number (of `values` the value,
 * else the status) or an object with `value`, `status`, `body`, `delayMs`, `hang`.
 *
 * @throws CONFIG_INVALID naming the place.
 */
export function parseScript(text: string): Script {
  const root = membersOf(parsed(text), 'the script');
  const known = ['alerts', 'generate', 'list', 'notify', 'resolve'];
  for (const key of Object.keys(root)) if (!known.includes(key)) throw wrong(key, `one of ${known.join(', ')}`);
  const written = listOf(root.alerts ?? [], 'alerts');
  const steps: Record<string, readonly Step[]> = {};
  const alerts = written.map((value, index) => {
    const { values, ...alert } = membersOf(value, `alerts[${index}]`);
    if (values !== undefined && typeof alert.query !== 'string') throw wrong(`alerts[${index}].query`, 'a text');
    if (values !== undefined) steps[String(alert.query)] = stepsOf(values, `alerts[${index}].values`, 'value');
    return alert;
  });
  const generated = root.generate === undefined ? [] : generatedOf(membersOf(root.generate, 'generate'));
  const answers = (key: 'list' | 'notify' | 'resolve') => stepsOf(root[key] ?? [], key, 'status');
  const all = [...alerts, ...generated];
  return { alerts: all, steps, list: answers('list'), notify: answers('notify'), resolve: answers('resolve') };
}

/** The alerts of a script that a client can use. */
export function usableAlerts(script: Script) {
  return parseAlertList(JSON.stringify(script.alerts))?.alerts ?? [];
}

function generatedOf(members: Members): readonly object[] {
  const number = (key: string, fallback: number) => {
    const value = members[key] ?? fallback;
    if (typeof value === 'number' && value > 0) return value;
    throw wrong(`generate.${key}`, 'a number above 0');
  };
  const count = number('count', 10);
  if (!Number.isInteger(count) || count > maxCount) throw wrong('generate.count', `a whole number up to ${maxCount}`);
  return sampleAlerts(count, number('intervalSecs', 15), number('repeatIntervalSecs', 100));
}

function stepsOf(value: unknown, place: string, bare: 'value' | 'status'): readonly Step[] {
  return listOf(value, place).map((step, index) => {
    if (typeof step === 'number') return { [bare]: step };
    return stepOf(membersOf(step, `${place}[${index}]`), `${place}[${index}]`);
  });
}

function stepOf(members: Members, place: string): Step {
  const { value, status, body, delayMs, hang, ...others } = members;
  const [other] = Object.keys(others);
  if (other !== undefined) throw wrong(`${place}.${other}`, 'one of value, status, body, delayMs, hang');
  const number = (key: string, given: unknown, least: number, most: number) => {
    if (given === undefined) return {};
    if (typeof given === 'number' && given >= least && given <= most) return { [key]: given };
    throw wrong(`${place}.${key}`, `a number from ${least} to ${most}`);
  };
  if (body !== undefined && typeof body !== 'string') throw wrong(`${place}.body`, 'a text');
  if (hang !== undefined && hang !== 'before' && hang !== 'after') throw wrong(`${place}.hang`, 'before or after');
  return {
    ...number('value', value, -Number.MAX_VALUE, Number.MAX_VALUE),
    ...number('status', status, 100, 599),
    ...number('delayMs', delayMs, 0, 3_600_000),
    ...(body === undefined ? {} : { body }),
    ...(hang === undefined ? {} : { hang }),
  };
}

function listOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(place, 'a list');
}

function membersOf(value: unknown, place: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw wrong(place, 'an object');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('the script', 'JSON');
  }
}

function wrong(place: string, expected: string): ConfigurationError {
  return new ConfigurationError('CONFIG_INVALID', `${place}: expected ${expected}`);
}
