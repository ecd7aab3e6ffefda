import type { MetricSpec } from './metric-spec.js';

const program = 'alert-exec';

/** The metrics of `alert-exec`, under names of their own: that program may run without an engine. Names of alerts are no labels. */
export const alertExecMetrics = {
  alert_exec_alerts: { program, kind: 'gauge', help: 'Alerts of the list that are evaluated' },
  alert_exec_alerts_in_state: {
    program,
    kind: 'gauge',
    help: 'Alerts by the state last found',
    labels: ['state'],
    values: ['PASS', 'WARN', 'CRITICAL', 'UNKNOWN'],
  },
  alert_exec_evaluations_total: {
    program,
    kind: 'counter',
    help: 'Evaluations by result; `overlap`: left out because the one before still ran',
    labels: ['result'],
    values: ['ok', 'failed', 'overlap'],
  },
  alert_exec_evaluation_lag_seconds: {
    program,
    kind: 'histogram',
    help: 'From the planned time of an evaluation to its first request',
  },
  alert_exec_requests_total: {
    program,
    kind: 'counter',
    help: 'Requests to the alerts server by endpoint and status code, or `timeout` or `error`',
    labels: ['endpoint', 'code'],
  },
  alert_exec_request_duration_seconds: {
    program,
    kind: 'histogram',
    help: 'Time of one request to the alerts server',
    labels: ['endpoint'],
  },
  alert_exec_requests_in_flight: {
    program,
    kind: 'gauge',
    help: 'Requests to the alerts server that have no answer yet',
  },
  alert_exec_deliveries_total: {
    program,
    kind: 'counter',
    help: 'Notifications, repeats and resolves that were accepted, or replaced by something newer',
    labels: ['kind', 'outcome'],
  },
  alert_exec_delivery_attempts_total: {
    program,
    kind: 'counter',
    help: 'Attempts to deliver by result; `unknown`: the answer was lost',
    labels: ['kind', 'result'],
  },
  alert_exec_pending_deliveries: { program, kind: 'gauge', help: 'Deliveries that nobody has accepted yet' },
  alert_exec_oldest_pending_seconds: { program, kind: 'gauge', help: 'Age of the oldest of them' },
  alert_exec_refresh_total: {
    program,
    kind: 'counter',
    help: 'Loads of the list of alerts, the first included',
    labels: ['result'],
    values: ['ok', 'failed'],
  },
  alert_exec_state_writes_total: {
    program,
    kind: 'counter',
    help: 'Writes of the state file',
    labels: ['result'],
    values: ['ok', 'failed'],
  },
} as const satisfies Record<string, MetricSpec>;
