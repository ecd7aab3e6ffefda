import { isCanary } from '../domain/canary.js';
import type { Publisher } from '../ports/flow.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/**
 * A publisher that measures canaries: from the time at which one was written to the acknowledgement of its record, the last thing to wait for.
 *
 * A time stamp from ahead of our clock counts as now: whoever wrote it, it went all the way.
 */
export function measuringCanaries(
  publisher: Publisher,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): Publisher {
  return {
    async publish(alarm, signal) {
      await publisher.publish(alarm, signal);
      const [{ notification, outcome }] = alarm.records;
      if (outcome !== 'sent' || !isCanary(notification.alarm)) return;
      const nowMs = clock.nowMs();
      const writtenAtMs = Math.min(nowMs, notification.alarm.changedAtMs);
      telemetry.observe('canary_seconds', (nowMs - writtenAtMs) / 1000);
      telemetry.gauge('canary_timestamp_seconds', writtenAtMs / 1000);
    },
    close: () => publisher.close(),
  };
}
