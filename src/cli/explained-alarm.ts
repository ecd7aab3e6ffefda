import { revealedSections } from '../config/revealed.js';
import type { Alarm } from '../domain/alarm.js';
import { inDigest } from '../domain/event-facts.js';
import { type Notification, type NotificationMethod, notificationId } from '../domain/notification.js';
import { openNotifiers, registerPlugins } from '../notifiers/registry.js';
import type { DigestBinding } from '../ports/directory.js';
import type { NotifierSet } from '../ports/notifier.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { ProcessTelemetry } from '../telemetry/create-telemetry.js';
import type { Valid } from './configuration.js';
import { type Preview, previewOf } from './previews.js';

/** What would become of one method. */
export interface ExplainedMethod {
  readonly method: NotificationMethod;
  /** `send`: the notifier would be asked; `dead`: it would be parked without; `digest`: it would wait for the next digest. */
  readonly outcome: 'send' | 'dead' | 'digest';
  readonly reason: 'unknown_type' | 'bad_method' | undefined;
  readonly detail: string;
  readonly preview: Preview | undefined;
}

/** Judges the methods of an alarm as the engine would, up to the send. Opens the notifiers and asks them nothing that leaves this process. */
export async function explainMethods(
  alarm: Alarm,
  methods: readonly NotificationMethod[],
  loaded: Valid,
  telemetry: ProcessTelemetry,
): Promise<readonly ExplainedMethod[]> {
  const { config } = loaded;
  const plugins = [...registerPlugins(loaded.plugins)].filter(([type]) => config.enabledTypes.includes(type));
  const needed = new Map(plugins.filter(([type]) => methods.some((method) => method.type === type)));
  const deps = {
    ...{ logger: telemetry.pluginLogger({}), clock: systemClock, random: systemRandom },
    ...{ http: config.http, senders: 1 },
  };
  const notifiers = openNotifiers(needed, revealedSections(config.notifierSections), deps);
  try {
    return methods.map((method) => explained(alarm, method, notifiers, loaded));
  } finally {
    await Promise.all([...notifiers.open.values()].map((notifier) => notifier.close()));
  }
}

const gaps = {
  repeat: 'no part of a digest: the alarm is a repeat',
  unknown_status: 'no part of a digest: the status of the alarm is unknown',
} as const;

/** Why no digest takes note of an alarm; undefined where they do. */
export function digestGap(alarm: Alarm): string | undefined {
  const { leftOut } = inDigest(alarm);
  return leftOut === undefined ? undefined : gaps[leftOut];
}

/** What becomes of an alarm for a method that asks for digests. */
export function explainedDigest(alarm: Alarm, { method, isBound }: DigestBinding): ExplainedMethod {
  const part = inDigest(alarm);
  const common = { method, outcome: 'digest', reason: undefined, preview: undefined } as const;
  if (part.leftOut !== undefined) return { ...common, detail: gaps[part.leftOut] };
  const isActive = isBound && part.status !== 'OK';
  const detail = isActive
    ? `told in the next digest, as ${part.status}`
    : `over for its digests: ${isBound ? 'the alarm is OK' : `it is not bound to state ${alarm.newState}`}`;
  return { ...common, detail };
}

function explained(alarm: Alarm, method: NotificationMethod, notifiers: NotifierSet, loaded: Valid): ExplainedMethod {
  const notifier = notifiers.open.get(method.type);
  const dead = (reason: 'unknown_type' | 'bad_method', detail: string): ExplainedMethod => {
    return { method, outcome: 'dead', reason, detail, preview: undefined };
  };
  if (notifier === undefined) {
    return dead('unknown_type', notifiers.unconfigured.get(method.type) ?? 'no notifier of this type is enabled');
  }
  if (method.address.isEmpty) return dead('bad_method', 'its address is empty');
  const notification: Notification = {
    ...{ position: alarm.position, id: notificationId(alarm.position, method.id), alarm, method },
    ...{ attempt: 1, repeat: 0 },
  };
  const preview = previewOf(loaded, notification);
  return {
    ...{ method, outcome: 'send', reason: undefined },
    detail: `to ${notifier.destinationOf(method)}`,
    preview: 'pieces' in preview ? preview : undefined,
  };
}
