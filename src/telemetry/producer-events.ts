import type { EventSpec } from './event-spec.js';

/** Events of the programs that raise alarms. */
export const producerEvents = {
  endpoint_starts_missed: {
    level: 'warn',
    meaning: 'Cycles of endpoint checks were left out: this process was stopped or starved at their time',
    action: 'see what else runs on the machine; the next cycle starts at its planned time',
    counter: 'monitor_endpoints_starts_missed_total',
  },
  endpoint_loop_late: {
    level: 'info',
    meaning: 'For `delay_ms` of a cycle this process did not listen; latencies measured then may be too long',
    action: 'give it a core of its own, check fewer endpoints, or check them less often',
  },
  endpoint_check_disturbed: {
    level: 'warn',
    meaning: 'A check was in flight while this process stood still; its result is void and counts for nothing',
    action: 'none, unless it happens again: see what else runs on the machine',
  },
  endpoint_event_failed: {
    level: 'warn',
    meaning:
      'An event of an endpoint could not be published, `cause` says why; it is tried again until it is, or is replaced by a newer one',
    action: 'see the brokers and the state file',
  },
  alert_exec_started: { level: 'info', meaning: 'alert-exec evaluates the alerts of its list', action: 'none' },
  alert_exec_stopped: { level: 'info', meaning: 'The last line of a run of alert-exec', action: 'none' },
  alert_attempt_failed: {
    level: 'warn',
    meaning: 'A query, notify or resolve failed; it is tried again',
    action: 'none while others succeed; else see the alerts server, or Kafka, as `cause` says',
  },
  alert_announced: { level: 'debug', meaning: 'A notify, repeat or resolve was accepted', action: 'none' },
  alert_states: { level: 'debug', meaning: 'The states of all alerts, every 10 s', action: 'none' },
  alert_strange: {
    level: 'warn',
    meaning: 'An alert of the list cannot be used and is skipped, or is strange; told once',
    action: 'correct the alert at the alerts server',
  },
  alerts_unavailable: {
    level: 'warn',
    meaning: 'The list of alerts could not be loaded; at the start it is tried for ever, later the old list stays',
    action: 'see that the alerts server runs at --url and can be reached',
  },
  alerts_empty: {
    level: 'warn',
    meaning: 'The alerts server has no alerts',
    action: 'none; with --refresh the program waits, and believes it when it sees it twice',
  },
  producer_state_new: {
    level: 'warn',
    meaning: 'There is no state file, or a damaged one, which was put aside: every alarm starts as OK',
    action: 'none at the first start; else find out who removed or damaged it',
  },
  metrics_listening: { level: 'info', meaning: 'Metrics of a producer are shown on `port`', action: 'none' },
} as const satisfies Record<string, EventSpec>;
