import type { Figures, MetricSnapshot } from './metric-store.js';
import type { MetricName } from './metric-table.js';

type Names = 'mon' | 'monasca' | 'both';
type Snapshots = ReadonlyMap<string, MetricSnapshot>;

/** One figure since the last look: a count, or the mean of a time in seconds. */
interface Change {
  readonly kind: 'count' | 'seconds';
  readonly mon?: string;
  readonly monasca?: string;
  readonly value: number;
}

/** The final ancestor's tags: a Python dictionary in text form, as monasca-agent expects it. */
const monascaTags = "#{'service': 'monitoring', 'component': 'monasca-notification'}";

/**
 * What changed between two looks at the figures, as statsd lines under the ancestor's names.
 *
 * A count is the difference; a time the mean of what was observed in between, since single observations stay in the workers. The first
 * look counts from zero. Under the 2014 names `-Process-n` tells which process counted: workers by their place in `workers`, from 1.
 */
export function statsdLines(names: Names, before: Snapshots, now: Snapshots, workers: readonly string[]): string[] {
  return [...now].flatMap(([process, snapshot]) => {
    const place = workers.indexOf(process);
    const processName = place < 0 ? 'MainProcess' : `Process-${place + 1}`;
    const changes = changesOf(before.get(process) ?? {}, snapshot, processName);
    return changes.flatMap((change) => linesOf(names, change));
  });
}

function linesOf(names: Names, { kind, mon, monasca, value }: Change): string[] {
  const lines: string[] = [];
  if (mon !== undefined && names !== 'monasca') {
    lines.push(`${cleanName(mon)}:${kind === 'count' ? `${value}|c` : `${(value * 1000).toFixed(8)}|ms`}`);
  }
  if (monasca !== undefined && names !== 'mon') {
    lines.push(`monasca.${cleanName(monasca)}:${kind === 'count' ? `${value}|c` : `${value}|g`}|${monascaTags}`);
  }
  return lines;
}

/** A notification type comes from a tenant's row; what separates the parts of a line has no place in a name. */
function cleanName(name: string): string {
  return name.replace(/[^\w.-]/g, '_');
}

function changesOf(before: MetricSnapshot, now: MetricSnapshot, p: string): readonly Change[] {
  const added = (name: MetricName, ...values: string[]): number =>
    Math.max(0, total(now, name, values) - total(before, name, values));
  const count = (value: number, mon?: string, monasca?: string): Change[] =>
    value === 0 ? [] : [{ kind: 'count', value, ...(mon && { mon }), ...(monasca && { monasca }) }];
  const finished = (...reasons: string[]): number => added('alarms_finished_total', ...reasons);
  const dead = (...reasons: string[]): number => added('dead_letters_total', ...reasons);
  const settled = (...outcomes: string[]): number => added('notifications_total', ...outcomes);
  return [
    ...count(added('alarms_read_total'), 'ConsumedFromKafka', 'consumed_from_kafka'),
    ...count(settled(), 'PublishedToKafka', 'published_to_kafka'),
    ...count(finished('malformed'), `AlarmsFailedParse-${p}`, 'alarms_failed_parse_count'),
    ...count(
      finished('expired', 'disabled', 'no_methods'),
      `AlarmsNoNotification-${p}`,
      'alarms_no_notification_count',
    ),
    ...count(
      settled('sent', 'dead', 'superseded', 'expired', 'digested'),
      `NotificationsCreated-${p}`,
      'created_count',
    ),
    ...count(dead('unknown_type'), `NotificationsInvalidType-${p}`, 'invalid_type_count'),
    ...count(
      settled('retrying') + dead('refused', 'attempts_used_up'),
      `NotificationsSentFailed-${p}`,
      'sent_failed_count',
    ),
    ...sentByType(before, now).flatMap(([type, sent]) =>
      count(sent, `NotificationsSent${monType(type)}-${p}`, monascaSentName(type)),
    ),
    ...count(finished(), 'AlarmsFinished', 'alarms_finished_count'),
    ...count(offsetsMoved(before, now), 'AlarmsOffsetUpdated'),
    ...times(before, now, 'lookup_seconds', () => [`ConfigDBTime-${p}`, 'config_db_time']),
    ...times(before, now, 'send_seconds', (type) => [`${monType(type)}Time-${p}`, `${type}_time`]),
    ...times(before, now, 'commit_seconds', () => ['OffsetCommitTime', undefined]),
  ];
}

/** The sum over the series whose last label is one of `values`; without values over all. */
function total(snapshot: MetricSnapshot, name: MetricName, values: readonly string[]): number {
  let sum = 0;
  for (const [labels, [figure = 0]] of snapshot[name] ?? []) {
    if (values.length === 0 || values.includes(labels.at(-1) ?? '')) sum += figure;
  }
  return sum;
}

function sentByType(before: MetricSnapshot, now: MetricSnapshot): readonly (readonly [string, number])[] {
  return pairs(before, now, 'notifications_total')
    .filter(({ labels }) => labels[1] === 'sent')
    .map(({ labels, was, is }) => [labels[0] ?? '', Math.max(0, (is[0] ?? 0) - (was[0] ?? 0))]);
}

/** A partition seen for the first time has not moved: it was taken over. */
function offsetsMoved(before: MetricSnapshot, now: MetricSnapshot): number {
  return pairs(before, now, 'committed_offset')
    .filter(({ was }) => was.length > 0)
    .reduce((sum, { was, is }) => sum + Math.max(0, (is[0] ?? 0) - (was[0] ?? 0)), 0);
}

function times(
  before: MetricSnapshot,
  now: MetricSnapshot,
  name: MetricName,
  namesOf: (label: string) => readonly [string, string | undefined],
): readonly Change[] {
  return pairs(before, now, name).flatMap(({ labels, was, is }) => {
    const count = observations(is) - observations(was);
    if (count <= 0) return [];
    const [mon, monasca] = namesOf(labels[0] ?? '');
    const value = ((is[0] ?? 0) - (was[0] ?? 0)) / count;
    return [{ kind: 'seconds' as const, value, mon, ...(monasca && { monasca }) }];
  });
}

function observations([, ...buckets]: Figures): number {
  return buckets.reduce((sum, count) => sum + count, 0);
}

function pairs(before: MetricSnapshot, now: MetricSnapshot, name: MetricName) {
  const earlier = new Map((before[name] ?? []).map(([labels, figures]) => [labels.join('\u0000'), figures]));
  return (now[name] ?? []).map(([labels, is]) => ({ labels, is, was: earlier.get(labels.join('\u0000')) ?? [] }));
}

/** 2014 knew mail only, as SMTP; other types follow its form. */
function monType(type: string): string {
  return type === 'email' ? 'SMTP' : `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
}

function monascaSentName(type: string): string {
  if (type === 'jira') return 'jira_notifier';
  return `sent_${type === 'email' ? 'smtp' : type}_count`;
}
