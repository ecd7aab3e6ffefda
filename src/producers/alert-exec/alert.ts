import type { AlarmStatus } from '../../domain/alarm-status.js';

export interface Threshold {
  readonly value: number;
  readonly message: string;
}

/** One query with its thresholds, as the alerts server names it. */
export interface Alert {
  readonly name: string;
  readonly query: string;
  readonly intervalMs: number;
  readonly repeatMs: number;
  readonly warn: Threshold;
  readonly critical: Threshold;
  readonly sustainMs: number;
}

/** A list as it was understood. `problems` are for people: what was skipped, and what is strange. */
export interface AlertList {
  readonly alerts: readonly Alert[];
  readonly skippedCount: number;
  readonly problems: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

const defaultRepeatMs = 300_000;
/** Thirty years: beyond it, milliseconds lose their fractions. */
const longestMs = 1e12;

/**
 * Reads the list of alerts; of what cannot be used each object is skipped by itself. Unknown fields are ignored.
 *
 * Undefined when the text is no JSON array at all. Never throws.
 */
export function parseAlertList(text: string): AlertList | undefined {
  const list = parsed(text);
  if (!Array.isArray(list)) return undefined;
  const alerts = new Map<string, Alert>();
  const problems: string[] = [];
  let skippedCount = 0;
  for (const [index, value] of list.entries()) {
    const alert = readAlert(value, (problem) => problems.push(`${nameOf(value, index)}: ${problem}`));
    if (alert === undefined) skippedCount += 1;
    else if (!alerts.has(alert.name)) alerts.set(alert.name, alert);
    else {
      skippedCount += 1;
      problems.push(`${nameOf(value, index)}: skipped, an alert before it has the same name`);
    }
  }
  return { alerts: [...alerts.values()], skippedCount, problems };
}

/** The value of a query's answer; undefined for anything that is not a finite number. Never throws. */
export function parseQueryAnswer(text: string): number | undefined {
  const answer = parsed(text);
  if (!isMembers(answer) || !Object.hasOwn(answer, 'value')) return undefined;
  const { value } = answer;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Strictly above: a value equal to a threshold belongs to the lower state. Critical is looked at first. */
export function statusOf({ warn, critical }: Pick<Alert, 'warn' | 'critical'>, value: number): AlarmStatus {
  if (value > critical.value) return 'CRITICAL';
  return value > warn.value ? 'WARNING' : 'OK';
}

/** The text that is sent for a status. */
export function messageFor(alert: Alert, status: AlarmStatus, value: number): string {
  switch (status) {
    case 'WARNING':
      return alert.warn.message;
    case 'CRITICAL':
      return alert.critical.message;
    case 'OK':
    case 'UNKNOWN':
      return `value ${value} is not above ${Math.min(alert.warn.value, alert.critical.value)}`;
    default:
      return status satisfies never;
  }
}

function readAlert(value: unknown, report: (problem: string) => void): Alert | undefined {
  if (!isMembers(value)) return skipped('expected an object', report);
  const { name, query } = value;
  if (typeof name !== 'string' || name === '') return skipped('name: expected a text', report);
  if (typeof query !== 'string' || query === '') return skipped('query: expected a text', report);
  const intervalMs = durationMs(value.intervalSecs);
  if (intervalMs === undefined) return skipped('intervalSecs: expected a number above 0', report);
  const [warn, critical] = [threshold(value.warn), threshold(value.critical)];
  if (warn === undefined) return skipped('warn: expected a value and a message', report);
  if (critical === undefined) return skipped('critical: expected a value and a message', report);
  if (warn.value > critical.value) report('warn is above critical; evaluated as written, critical first');
  const { repeatIntervalSecs } = value;
  const repeatMs = durationMs(repeatIntervalSecs);
  if (repeatMs === undefined && repeatIntervalSecs !== undefined && repeatIntervalSecs !== null) {
    report('repeatIntervalSecs: expected a number above 0; 300 is used');
  }
  const sustainMs = durationMs(value.sustainSecs) ?? 0;
  return { name, query, intervalMs, repeatMs: repeatMs ?? defaultRepeatMs, warn, critical, sustainMs };
}

function skipped(problem: string, report: (problem: string) => void): undefined {
  report(`skipped, ${problem}`);
}

/** Seconds above 0 as milliseconds, at least one. */
function durationMs(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value > 0)) return undefined;
  return Math.min(longestMs, Math.max(1, Math.round(value * 1_000)));
}

function threshold(value: unknown): Threshold | undefined {
  if (!isMembers(value) || typeof value.value !== 'number' || !Number.isFinite(value.value)) return undefined;
  return typeof value.message === 'string' ? { value: value.value, message: value.message } : undefined;
}

/** For people: the name if there is one, else the place in the list. */
function nameOf(value: unknown, index: number): string {
  const name = isMembers(value) ? value.name : undefined;
  return typeof name === 'string' && name !== '' ? `alert ${name.slice(0, 100)}` : `alert number ${index + 1}`;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
