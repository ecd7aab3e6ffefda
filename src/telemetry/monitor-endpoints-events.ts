import type { EventSpec } from './event-spec.js';

/** The events of `monitor-endpoints`. */
export const monitorEndpointsEvents = {
  endpoint_starts_missed: {
    level: 'warn',
    meaning:
      '`count` cycles of endpoint checks were left out: this process was stopped or starved at their time; counted in `monitor_endpoints_starts_missed_total`',
    action: 'see what else runs on the machine; the next cycle starts at its planned time',
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
} as const satisfies Record<string, EventSpec>;
