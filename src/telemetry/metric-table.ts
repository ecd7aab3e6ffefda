import { deadReasons, finishReasons, methodOutcomes } from '../domain/outcome.js';
import { decoratingFields } from '../domain/parse-alarm.js';
import { queueNames } from '../ports/flow.js';
import { alertExecMetrics } from './alert-exec-metrics.js';
import { digestMetrics } from './digest-metrics.js';
import type { MetricSpec } from './metric-spec.js';
import { monitorEndpointsMetrics } from './monitor-endpoints-metrics.js';

/** Every metric; those of the engine without the prefix `mon_notification_`. Source: the names are public, so renaming one is a breaking change. */
export const metricTable = {
  alarms_read_total: { kind: 'counter', help: 'Alarms read from Kafka' },
  alarms_finished_total: {
    kind: 'counter',
    help: 'Alarms with nothing left to do, by reason',
    labels: ['reason'],
    values: finishReasons,
  },
  alarms_folded_total: { kind: 'counter', help: 'Alarms handed to digests, once per method' },
  alarms_not_folded_total: {
    kind: 'counter',
    help: 'Alarms with digest methods, or read for digests, that go into no digest, by reason',
    labels: ['reason'],
    values: ['repeat', 'unknown_status', 'disabled'],
  },
  notifications_total: {
    kind: 'counter',
    help: 'Notifications by type and outcome',
    labels: ['type', 'outcome'],
    values: methodOutcomes,
    otherType: 'unknown',
  },
  send_seconds: {
    kind: 'histogram',
    help: 'Time of one send, from its start to the answer of the receiver',
    labels: ['type'],
  },
  alarm_to_sent_seconds: {
    kind: 'histogram',
    help: 'From the time stamp of the alarm in Kafka to the answer of the receiver',
  },
  lookup_seconds: { kind: 'histogram', help: 'Time of one MySQL query for notification methods' },
  publish_seconds: { kind: 'histogram', help: 'Time of one acknowledged write to Kafka' },
  commit_seconds: { kind: 'histogram', help: 'Time of one commit to ZooKeeper' },
  committed_offset: { kind: 'gauge', help: 'Next offset to read as committed', labels: ['topic', 'partition'] },
  read_offset: { kind: 'gauge', help: 'Next offset to read from Kafka', labels: ['topic', 'partition'] },
  window: { kind: 'gauge', help: 'Read minus committed', labels: ['topic', 'partition'] },
  oldest_unfinished_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest alarm that is not finished',
    labels: ['topic', 'partition'],
  },
  queue_length: { kind: 'gauge', help: 'Items waiting in a queue', labels: ['queue'], values: queueNames },
  in_flight_bytes: { kind: 'gauge', help: 'Alarms under way in all stages, one byte a character' },
  worker_replacements_total: { kind: 'counter', help: 'Workers that died and were replaced', labels: ['stage'] },
  worker_resident_bytes: {
    kind: 'gauge',
    help: 'Resident memory of the workers of a stage',
    labels: ['stage'],
    merge: 'sum',
  },
  event_loop_delay_seconds: {
    kind: 'gauge',
    help: 'Longest recent delay of an event loop of a stage',
    labels: ['stage'],
  },
  retries_waiting: { kind: 'gauge', help: 'Retries that are not due yet', merge: 'sum' },
  repeats_waiting: { kind: 'gauge', help: 'Repeats that are not due yet', merge: 'sum' },
  retries_vanished_total: {
    kind: 'counter',
    help: 'Retries and repeats that retention or compaction took from their topic before they were due; nobody is told',
  },
  periods_without_topic_total: {
    kind: 'counter',
    help: 'Notifications that are not repeated because kafka.periodic has no topic for their period',
  },
  dead_letters_total: { kind: 'counter', help: 'Parked records by reason', labels: ['reason'], values: deadReasons },
  dead_letters_replayed_total: {
    kind: 'counter',
    help: 'Notifications that a person had sent again, by the reason for which they were parked',
    labels: ['reason'],
    values: deadReasons,
  },
  breaker_open: {
    kind: 'gauge',
    help: '1 while a worker sends nothing to a destination, or to an address there, that keeps failing; absent otherwise',
    labels: ['destination'],
  },
  lock_held: { kind: 'gauge', help: '1 while this engine holds the lock' },
  lease_remaining_seconds: { kind: 'gauge', help: 'Time for which the lock is still trusted' },
  template_failures_total: { kind: 'counter', help: 'Templates that failed; the built-in text was sent' },
  log_lines_dropped_total: { kind: 'counter', help: 'Log lines that could not be written' },
  build_info: { kind: 'gauge', help: 'Always 1', labels: ['version', 'node'] },
  stuck_head: {
    kind: 'gauge',
    help: '1 while the first unfinished alarm is older than zookeeper.max_offset_lag',
    labels: ['topic', 'partition'],
  },
  skipped_by_broker_total: {
    kind: 'counter',
    help: 'Offsets that retention took before they were read',
    labels: ['topic', 'partition'],
  },
  mirror_failures_total: { kind: 'counter', help: 'Positions that could not be mirrored to the Kafka group' },
  method_options_unusable_total: { kind: 'counter', help: 'Options of digest methods that cannot be used as they are' },
  lookup_tenant_mismatches_total: { kind: 'counter', help: 'Methods found for an alarm of another tenant' },
  alarm_fields_defaulted_total: {
    kind: 'counter',
    help: 'Decorating fields of a wrong type, left out of an alarm',
    labels: ['field'],
    values: decoratingFields,
  },
  heartbeats_total: {
    kind: 'counter',
    help: 'Signs of life to heartbeat.url',
    labels: ['result'],
    values: ['taken', 'failed'],
  },
  canaries_total: {
    kind: 'counter',
    help: 'Alarms of our own to the alarm topic',
    labels: ['result'],
    values: ['written', 'failed'],
  },
  canary_seconds: {
    kind: 'histogram',
    help: 'From the writing of an alarm of our own to the acknowledgement of its record',
  },
  canary_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the alarm of our own was written that came back last, in seconds since 1970',
  },
  canary_overdue: { kind: 'gauge', help: '1 while no alarm of our own of the last three intervals has come back' },
  ...alertExecMetrics,
  ...monitorEndpointsMetrics,
  ...digestMetrics,
} as const satisfies Record<string, MetricSpec>;

type Table = typeof metricTable;
export type MetricName = keyof Table;
type OfKind<K> = { [N in MetricName]: Table[N]['kind'] extends K ? N : never }[MetricName];
export type CounterName = OfKind<'counter'>;
export type GaugeName = OfKind<'gauge'>;
export type HistogramName = OfKind<'histogram'>;

/** The name on the wire. */
export function fullMetricName(name: MetricName): string {
  return metricSpec(name).program === undefined ? `mon_notification_${name}` : name;
}

/** The specification under a name, with every optional part visible. */
export function metricSpec(name: MetricName): MetricSpec {
  return metricTable[name];
}

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metricTable, name);
}
