import type { Alarm } from '../../domain/alarm.js';
import { wellFormed } from '../cut-text.js';

export interface MailText {
  /** One line: no control characters, at most 400 characters. */
  readonly subject: string;
  readonly body: string;
}

/** A metric of an alarm as far as mails show it. */
export interface Metric {
  readonly name: string | undefined;
  readonly dimensions: readonly (readonly [string, string])[];
}

const longestSubjectCharacters = 400;
/** Cut by characters, not by count: a cap of ten sets hid what people needed. */
const longestDimensionsCharacters = 65_536;
const grafanaSpanMs = 600_000;
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A producer may send anything as metrics; no mail is lost over it. */
export function readMetric(metric: unknown): Metric {
  if (typeof metric !== 'object' || metric === null) return { name: undefined, dimensions: [] };
  const name: unknown = Reflect.get(metric, 'name');
  const dimensions: unknown = Reflect.get(metric, 'dimensions');
  return {
    name: typeof name === 'string' && name !== '' ? name : undefined,
    dimensions:
      typeof dimensions === 'object' && dimensions !== null
        ? Object.entries(dimensions).map(([key, value]) => [
            key,
            typeof value === 'string' ? value : JSON.stringify(value),
          ])
        : [],
  };
}

export function distinctValues(metrics: readonly Metric[], dimension: string): readonly string[] {
  const values = new Set<string>();
  for (const metric of metrics) {
    for (const [key, value] of metric.dimensions) if (key === dimension) values.add(value);
  }
  return [...values];
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029;
}

/** Text fit for a header: control characters and line breaks become one blank, and what is too long is cut. */
export function headerText(text: string): string {
  let line = '';
  let isGap = false;
  for (const character of text.slice(0, 4 * longestSubjectCharacters)) {
    if (isControl(character.codePointAt(0) ?? 0)) {
      isGap = true;
      continue;
    }
    if (isGap) line += ' ';
    isGap = false;
    line += character;
  }
  const characters = [...wellFormed(line.trim())];
  if (characters.length <= longestSubjectCharacters) return characters.join('');
  return `${characters.slice(0, longestSubjectCharacters - 1).join('')}…`;
}

/** C's asctime in UTC: `Tue Apr 14 14:57:33 2015`, the day padded with a blank. */
export function asctime(atMs: number): string {
  const time = new Date(atMs);
  const day = String(time.getUTCDate()).padStart(2);
  const clock = time.toISOString().slice(11, 19);
  return `${dayNames[time.getUTCDay()]} ${monthNames[time.getUTCMonth()]} ${day} ${clock} ${time.getUTCFullYear()}`;
}

/** The drill-down of the first metric, ten minutes around the transition; undefined for an alarm without a metric. */
export function grafanaLink(base: string, metric: Metric | undefined, changedAtMs: number): string | undefined {
  if (metric?.name === undefined) return undefined;
  const atMs = Math.floor(changedAtMs / 1000) * 1000;
  const query = [['metric', metric.name] as const, ...metric.dimensions]
    .map(([key, value]) => `${encodeURIComponent(wellFormed(key))}=${encodeURIComponent(wellFormed(value))}`)
    .join('&');
  const span = `from=${atMs - grafanaSpanMs}&to=${atMs + grafanaSpanMs}`;
  return `${base}/dashboard/script/drilldown.js?${query}&${span}`;
}

function dimensionsText(metrics: readonly Metric[]): string {
  const blocks: string[] = [];
  let leftOutCount = 0;
  let length = 0;
  for (const { dimensions } of metrics) {
    if (dimensions.length === 0) continue;
    const block = `  {\n${dimensions.map(([key, value]) => `    ${key}: ${value}`).join(',\n')}\n  }`;
    length += block.length;
    if (length > longestDimensionsCharacters && blocks.length > 0) leftOutCount += 1;
    else blocks.push(block);
  }
  if (blocks.length === 0) return '';
  const rest = leftOutCount === 0 ? '' : `\n(${leftOutCount} more left out)`;
  return `With dimensions:\n[\n${blocks.join(',\n')} \n]${rest}`;
}

/** The subject of 2014 where an alarm has no severity, so that the mail filters of that time keep working. */
function subjectOf(alarm: Alarm, hosts: readonly string[], target: string | undefined): string {
  if (alarm.severity === undefined) return `${alarm.newState}: ${alarm.alarmName}`;
  const [host] = hosts;
  const where = hosts.length === 1 ? ` for Host: ${host}${target === undefined ? '' : ` Target: ${target}`}` : '';
  return `${alarm.newState} ${alarm.severity} "${alarm.alarmName}"${where}`;
}

function firstLine(alarm: Alarm, hosts: readonly string[], target: string | undefined): string {
  const [host] = hosts;
  if (host === undefined) return alarm.stateChangeReason;
  if (hosts.length > 1) return `On multiple hosts ${alarm.stateChangeReason}`;
  const about = target === undefined ? '' : ` for target "${target}"`;
  return `On host "${host}"${about} ${alarm.stateChangeReason}`;
}

/**
 * The built-in text of a mail: where, why, which alarm, links, dimensions. Lines with nothing to say are left out.
 *
 * Pure, and the same for every telling of one alarm. `grafanaUrl` is the base of a Grafana with the drill-down script.
 */
export function mailText(alarm: Alarm, grafanaUrl: string | undefined): MailText {
  const metrics = alarm.metrics.map(readMetric);
  const hosts = distinctValues(metrics, 'hostname');
  const [target] = distinctValues(metrics, 'target_host');
  const grafana = grafanaUrl === undefined ? undefined : grafanaLink(grafanaUrl, metrics[0], alarm.changedAtMs);
  const links = [
    alarm.lifecycleState === undefined ? undefined : `Lifecycle state: ${alarm.lifecycleState}`,
    alarm.link === undefined ? undefined : `Link: ${alarm.link}`,
    grafana === undefined ? undefined : `Link to Grafana: ${grafana}`,
  ];
  const blocks = [
    firstLine(alarm, hosts, target),
    `Alarm "${alarm.alarmName}" transitioned to the ${alarm.newState} state at ${asctime(alarm.changedAtMs)} UTC\n` +
      `alarm_id: ${alarm.alarmId}`,
    links.filter((line) => line !== undefined).join('\n'),
    dimensionsText(metrics),
  ];
  return {
    subject: headerText(subjectOf(alarm, hosts, target)),
    body: blocks.filter((block) => block !== '').join('\n\n'),
  };
}
