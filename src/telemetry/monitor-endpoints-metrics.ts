import type { MetricSpec } from './metric-spec.js';

const program = 'monitor-endpoints';

/** The metrics of `monitor-endpoints`. Names and addresses of endpoints are no labels. */
export const monitorEndpointsMetrics = {
  monitor_endpoints_checks_total: {
    program,
    kind: 'counter',
    help: 'Finished checks by domain and result; only `up` counts as available',
    labels: ['domain', 'result'],
  },
  monitor_endpoints_check_duration_seconds: {
    program,
    kind: 'histogram',
    help: 'From the sending of a request to the head of its final answer',
    labels: ['domain'],
  },
  monitor_endpoints_failures_total: {
    program,
    kind: 'counter',
    help: 'Checks that found an endpoint down, by domain and cause',
    labels: ['domain', 'cause'],
  },
  monitor_endpoints_availability_ratio: {
    program,
    kind: 'gauge',
    help: 'Share of the checks since the start that found `up`',
    labels: ['domain'],
  },
  monitor_endpoints_cycle_duration_seconds: {
    program,
    kind: 'histogram',
    help: 'From the planned start of a cycle to its last result',
  },
  monitor_endpoints_cycle_lag_seconds: { program, kind: 'gauge', help: 'How late the last cycle began' },
  monitor_endpoints_starts_missed_total: {
    program,
    kind: 'counter',
    help: 'Cycles left out because this process was stopped or starved at their time',
  },
  monitor_endpoints_in_flight: { program, kind: 'gauge', help: 'Checks that have no result yet' },
  monitor_endpoints_event_loop_delay_seconds: {
    program,
    kind: 'gauge',
    help: 'Longest time of the last cycle for which this process did not listen',
  },
  monitor_endpoints_events_published_total: {
    program,
    kind: 'counter',
    help: 'Attempts to publish an event by result; `unknown`: the answer was lost',
    labels: ['result'],
    values: ['accepted', 'refused', 'unknown'],
  },
  monitor_endpoints_outbox: { program, kind: 'gauge', help: 'Events that Kafka has not acknowledged yet' },
} as const satisfies Record<string, MetricSpec>;
