import type { EventSpec } from './event-spec.js';

/** Events of the programs that raise alarms. */
export const producerEvents = {
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
