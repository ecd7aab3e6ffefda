import { canarySink } from '../canary/canary-sink.js';
import { createSendGate } from '../delivery/create-send-gate.js';
import type { SendBreakers } from '../delivery/send-breakers.js';
import { watchRelays } from '../delivery/watched-relay.js';
import { canaryType } from '../domain/canary.js';
import { decodeNotificationGroup, encodeSettledAlarm } from '../domain/codec.js';
import { ConfigurationError } from '../domain/errors.js';
import { builtinNotifiers } from '../notifiers/builtin.js';
import { openNotifiers, registerPlugins } from '../notifiers/registry.js';
import { templateValues } from '../notifiers/template-values.js';
import { loadThirdParty } from '../notifiers/third-party.js';
import { type PeriodTopic, repeatPolicy } from '../periodic/repeat-policy.js';
import type { HttpRules, NotifierPlugin } from '../ports/notifier.js';
import { type RetryPauses, retryPolicy } from '../retry/retry-policy.js';
import { spentProcessorMs } from '../runtime/clock.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { WorkerLease } from '../runtime/worker-lease.js';
import { NotificationProcessor } from '../stages/notification-processor.js';
import { TemplateSet, type TemplateSource } from '../templates/template-set.js';
import { withTemplates } from '../templates/templated-notifier.js';
import { stageParts } from './stage-parts.js';
import type { Surroundings } from './surroundings.js';

export interface NotificationProcessorConfig {
  readonly enabledTypes: readonly string[];
  /** A notifier's own section of the configuration, secrets revealed. */
  readonly sections: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  readonly http: HttpRules & { readonly ratePerDestination: number | undefined };
  readonly templates: readonly TemplateSource[];
  /** URLs of modules with notifiers of third parties. */
  readonly pluginModules: readonly string[];
  /** Pauses between attempts, and how many follow the first one. */
  readonly retry: RetryPauses & { readonly maxAttempts: number };
  /** Which repeats there are, and the topics on which they wait. */
  readonly periodic: readonly PeriodTopic[];
  readonly senders: number;
}

/** A slow receiver holds its alarms here, so this is also how many of them it takes to keep the others waiting. */
const inHandCount = 512;

/** Present only while open: tenants name the destinations, so the figures of all that ever failed would have no end. */
function openSeries(breakers: SendBreakers) {
  const { named, moreCount } = breakers.open();
  return [...named, ...(moreCount > 0 ? ['other'] : [])].map((destination) => [[destination], [1]] as const);
}

/** @throws CONFIG_INVALID for a module that main could load and that cannot be loaded any more. */
async function thirdParties(urls: readonly string[], { clock, telemetry }: Surroundings): Promise<NotifierPlugin[]> {
  const plugins: NotifierPlugin[] = [];
  for (const url of urls) {
    const loaded = await loadThirdParty(url, '/', clock);
    if (loaded.kind !== 'loaded')
      throw new ConfigurationError('CONFIG_INVALID', `${url}: it cannot be loaded any more`);
    telemetry.event('notifier_plugin_loaded', { module: url, types: loaded.plugins.map(({ type }) => type) });
    plugins.push(...loaded.plugins);
  }
  return plugins;
}

/** The worker that sends, under the lease that main beats out. */
export async function notificationProcessor(
  config: NotificationProcessorConfig,
  around: Surroundings,
): Promise<WorkerParts> {
  const { clock, random, telemetry } = around;
  const lease = new WorkerLease(clock);
  const all = registerPlugins([...builtinNotifiers, ...(await thirdParties(config.pluginModules, around))]);
  const plugins = new Map([...all].filter(([type]) => config.enabledTypes.includes(type)));
  const templates = new TemplateSet(config.templates, {
    spentMs: spentProcessorMs,
    partsOf: (type) => all.get(type)?.parts ?? [],
    valuesOf: templateValues,
  });
  const opened = openNotifiers(plugins, config.sections, {
    logger: telemetry.pluginLogger({}),
    clock,
    random,
    http: config.http,
    senders: config.senders,
  });
  const watched = watchRelays(opened.open, around.systems, clock);
  const open = new Map([...withTemplates(watched, templates, telemetry), [canaryType, canarySink] as const]);
  const notifiers = { ...opened, open };
  const { gate, breakers } = createSendGate(
    { ...config.http, senders: config.senders, retryIntervalMs: config.retry.baseMs },
    { lease, clock, random, telemetry },
  );
  return stageParts(
    {
      stage: new NotificationProcessor({
        notifiers,
        gate,
        policies: { retry: retryPolicy(config.retry, random), repeat: repeatPolicy(config.periodic, telemetry) },
        clock,
        telemetry,
      }),
      inHandCount,
      decode: decodeNotificationGroup,
      encode: encodeSettledAlarm,
      onLease: (endsAtMonoMs, endsAtMs) => lease.renew(endsAtMonoMs, endsAtMs),
      metrics: () => ({ breaker_open: openSeries(breakers) }),
      close: () => Promise.resolve(),
    },
    around,
  );
}
