import type { Endpoint } from '../domain/endpoint.js';
import type { NonEmpty } from '../domain/position.js';
import { Announcer } from '../producers/announcer.js';
import type { CheckResult } from '../producers/endpoint-monitor/check-result.js';
import { alarmOfKey, endpointAlarms, findingOf } from '../producers/endpoint-monitor/endpoint-alarms.js';
import { Streaks } from '../producers/endpoint-monitor/streaks.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { CommandIo } from './command.js';
import { openEventOutlet } from './event-outlet.js';
import type { MonitorSettings } from './monitor-options.js';

/** The changes of state of endpoints, on their way to the alarm topic. */
export interface MonitorEvents {
  checked(result: CheckResult): void;
  /** How many are not acknowledged yet. */
  readonly pendingCount: number;
  /** Why Kafka takes nothing at present. */
  problem(): string | undefined;
  /** Gives what is pending some time to get out; what is left is told by the next run. */
  close(): Promise<void>;
}

const quickAttempts = 3;
const closeMs = 5_000;

/**
 * Opens the Kafka sink, and tells of endpoints that an earlier run announced as not OK and that the file holds no more.
 *
 * @throws STORE_UNAVAILABLE when the state cannot be kept.
 */
export async function openMonitorEvents(
  settings: MonitorSettings,
  endpoints: NonEmpty<Endpoint>,
  { io, telemetry }: { readonly io: CommandIo; readonly telemetry: Telemetry },
): Promise<MonitorEvents | 'wrong configuration'> {
  const outlet = await openEventOutlet({
    ...settings,
    ...{ scope: `monitor-endpoints ${settings.tenantId}`, type: 'probe' },
    ...{ onStateWrite: () => undefined, telemetry, io },
  });
  if (outlet === 'wrong configuration') return outlet;
  const alarms = endpointAlarms(endpoints, settings);
  const streaks = new Streaks(settings.failAfterCount);
  const announcer = new Announcer({
    ...{ sink: outlet.sink, quickAttempts, slots: undefined, clock: systemClock, random: systemRandom },
    ears: {
      attempted({ alarm }, receipt) {
        telemetry.count('monitor_endpoints_events_published_total', { result: receipt.outcome });
        if (receipt.outcome === 'accepted') return;
        telemetry.event('endpoint_event_failed', {
          endpoint: alarm.name,
          outcome: receipt.outcome,
          cause: receipt.cause,
        });
      },
      ended: () => undefined,
    },
  });
  const present = new Set([...alarms.values()].map(({ key }) => key));
  for (const key of outlet.knownKeys()) {
    const alarm = present.has(key) ? undefined : alarmOfKey(key, settings);
    if (alarm !== undefined) announcer.remove(alarm, 'endpoint removed');
  }
  return {
    checked(result) {
      const alarm = alarms.get(result.endpoint);
      if (alarm === undefined || !streaks.isConfirmed(result)) return;
      announcer.observe(alarm, findingOf(result, systemClock.monoMs()));
    },
    get pendingCount() {
      return announcer.pendingCount;
    },
    problem: () => outlet.problem(),
    close: () => announcer.close(closeMs),
  };
}
