import { DestinationLimit } from '../delivery/destination-limit.js';
import { SendGate } from '../delivery/send-gate.js';
import { watchRelays } from '../delivery/watched-relay.js';
import { decodeNotificationGroup, encodeSettledAlarm } from '../domain/codec.js';
import { builtinNotifiers } from '../notifiers/builtin.js';
import { openNotifiers, registerPlugins } from '../notifiers/registry.js';
import type { HttpRules } from '../ports/notifier.js';
import { type RetryPauses, retryPolicy } from '../retry/retry-policy.js';
import { WorkerLease } from '../runtime/lease-view.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { NotificationProcessor } from '../stages/notification-processor.js';
import { stageParts } from './stage-parts.js';
import type { Surroundings } from './surroundings.js';

export interface NotificationProcessorConfig {
  readonly enabledTypes: readonly string[];
  /** A notifier's own section of the configuration, secrets revealed. */
  readonly sections: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  readonly http: HttpRules;
  /** Pauses between attempts, and how many follow the first one. */
  readonly retry: RetryPauses & { readonly maxAttempts: number };
  readonly senders: number;
}

/** A slow receiver holds its alarms here, so this is also how many of them it takes to keep the others waiting. */
const inHandCount = 512;

/** The worker that sends, under the lease that main beats out. */
export function notificationProcessor(config: NotificationProcessorConfig, around: Surroundings): WorkerParts {
  const { clock, random, telemetry } = around;
  const lease = new WorkerLease(clock);
  const plugins = new Map(
    [...registerPlugins(builtinNotifiers)].filter(([type]) => config.enabledTypes.includes(type)),
  );
  const opened = openNotifiers(plugins, config.sections, {
    logger: telemetry.pluginLogger({}),
    clock,
    random,
    http: config.http,
    senders: config.senders,
  });
  const notifiers = { ...opened, open: watchRelays(opened.open, around.systems, clock) };
  const gate = new SendGate(lease, new DestinationLimit({ ...config.http, senders: config.senders }), clock, telemetry);
  return stageParts(
    {
      stage: new NotificationProcessor({
        notifiers,
        gate,
        policy: retryPolicy(config.retry, random),
        clock,
        telemetry,
      }),
      inHandCount,
      decode: decodeNotificationGroup,
      encode: encodeSettledAlarm,
      onLease: (endsAtMonoMs, endsAtMs) => lease.renew(endsAtMonoMs, endsAtMs),
      close: () => Promise.resolve(),
    },
    around,
  );
}
