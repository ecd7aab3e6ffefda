import type { Availability } from '../producers/endpoint-monitor/availability.js';
import { totalOf } from '../producers/endpoint-monitor/availability.js';
import type { CheckResult } from '../producers/endpoint-monitor/check-result.js';
import type { EndedCycle } from '../producers/endpoint-monitor/endpoint-monitor.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** So long a delay of our own may show in what we measure. */
const lateMs = 50;

/** Counts one result. */
export function countCheck(telemetry: Telemetry, { endpoint, grade, latencyMs, cause }: CheckResult): void {
  const { domain } = endpoint;
  telemetry.count('monitor_endpoints_checks_total', { domain, result: grade });
  telemetry.observe('monitor_endpoints_check_duration_seconds', latencyMs / 1_000, { domain });
  if (cause !== undefined) telemetry.count('monitor_endpoints_failures_total', { domain, cause });
}

/** Figures of a cycle that has ended, and a line when it was not heard in time. */
export function tellCycle(telemetry: Telemetry, { number, lagMs, durationMs, loopDelayMs }: EndedCycle): void {
  telemetry.gauge('monitor_endpoints_cycle_lag_seconds', lagMs / 1_000);
  telemetry.observe('monitor_endpoints_cycle_duration_seconds', durationMs / 1_000);
  telemetry.gauge('monitor_endpoints_event_loop_delay_seconds', loopDelayMs / 1_000);
  if (loopDelayMs > lateMs) telemetry.event('endpoint_loop_late', { cycle: number, delay_ms: Math.round(loopDelayMs) });
}

/** One line for all that were left out together. */
export function tellMissedStarts(telemetry: Telemetry, count: number): void {
  telemetry.count('monitor_endpoints_starts_missed_total', {}, count);
  telemetry.event('endpoint_starts_missed', { count });
}

/** Figures that are looked up when somebody asks. */
export function gaugeNow(telemetry: Telemetry, availability: Availability, inFlightCount: number): void {
  telemetry.gauge('monitor_endpoints_in_flight', inFlightCount);
  for (const [domain, tally] of availability.domains()) {
    telemetry.gauge('monitor_endpoints_availability_ratio', tally.up / totalOf(tally), { domain });
  }
}
