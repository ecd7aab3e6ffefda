import { createHash } from 'node:crypto';
import type { Alarm } from '../../domain/alarm.js';
import type { Notification } from '../../domain/notification.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { changedAt, linkOf } from '../alarm-text.js';
import { incidentKey } from '../incident-key.js';

/** The annotations `summary` and `description`. */
export const alertmanagerParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
];

/** Go's zero time: an alert that has not ended. */
const notEnded = '0001-01-01T00:00:00Z';

function dimensionsOf(metric: unknown): ReadonlyMap<string, string> {
  const dimensions: unknown =
    typeof metric === 'object' && metric !== null ? Reflect.get(metric, 'dimensions') : undefined;
  const entries = typeof dimensions === 'object' && dimensions !== null ? Object.entries(dimensions) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The dimensions that all metrics share, as label names may be spelt. */
function commonDimensions(alarm: Alarm): Readonly<Record<string, string>> {
  const [first, ...rest] = alarm.metrics.map(dimensionsOf);
  const shared = [...(first ?? [])].filter(([key, value]) => rest.every((other) => other.get(key) === value));
  return Object.fromEntries(
    shared.map(([key, value]) => [key.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_'), value]),
  );
}

/** What names the alert: the same while it fires and when it is resolved. */
function labelsOf(alarm: Alarm): Readonly<Record<string, string>> {
  return {
    ...commonDimensions(alarm),
    alertname: alarm.alarmName,
    alarm_id: alarm.alarmId,
    tenant_id: alarm.tenantId,
    ...(alarm.severity === undefined ? {} : { severity: alarm.severity.toLowerCase() }),
  };
}

/**
 * The body that Alertmanager's webhook receivers take, version 4, with one alert; OK is `resolved`, every other state `firing`.
 *
 * The fingerprint has the form of theirs and is ours: one per alarm and method. When an alarm began is not known at its end, so `startsAt` is the
 * time of this transition. Source: prometheus.io, "Alerting: Configuration: webhook_config".
 */
export function alertGroup(notification: Notification, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const { alarm, id, method } = notification;
  const status = alarm.newState === 'OK' ? 'resolved' : 'firing';
  const at = changedAt(alarm) ?? new Date(0).toISOString();
  const labels = labelsOf(alarm);
  const annotations = {
    summary: texts.subject ?? alarm.stateChangeReason,
    description: texts.text ?? alarm.alarmDescription,
    state: alarm.newState,
    old_state: alarm.oldState,
    notification_id: id,
  };
  const alert = {
    status,
    labels,
    annotations,
    startsAt: at,
    endsAt: status === 'resolved' ? at : notEnded,
    generatorURL: linkOf(alarm) ?? '',
    fingerprint: createHash('sha256').update(incidentKey(notification)).digest('hex').slice(0, 16),
  };
  return {
    version: '4',
    groupKey: `{}:{alarm_id=${JSON.stringify(alarm.alarmId)}}`,
    truncatedAlerts: 0,
    status,
    receiver: method.name,
    groupLabels: { alarm_id: alarm.alarmId },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [alert],
  };
}
