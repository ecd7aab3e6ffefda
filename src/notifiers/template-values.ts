import type { Alarm } from '../domain/alarm.js';
import type { Notification } from '../domain/notification.js';
import { alarmBody } from './alarm-body.js';
import { alarmTitle, changedAt, hostnamesOf, linkOf } from './alarm-text.js';
import { cutText } from './cut-text.js';

/** Far more than a message shows; what a template loops over is bounded with it. */
const longestText = 20_000;
const mostMetrics = 200;

/** Every variable of a template, with what it holds. `fields`: all that there is below it; absent where the alarm decides. */
export const templateVariables: Readonly<
  Record<string, { readonly holds: string; readonly fields?: readonly string[] }>
> = {
  title: { holds: 'the built-in title: state, severity, name, and the host if there is one' },
  state: { holds: 'the new state: `ALARM`, `OK`, `UNDETERMINED`' },
  old_state: { holds: 'the state before' },
  severity: { holds: '`LOW`, `MEDIUM`, `HIGH`, `CRITICAL`; nil where the alarm has none' },
  alarm_name: { holds: 'name of the alarm' },
  alarm_description: { holds: 'its description' },
  message: { holds: 'why the state changed, as the threshold engine wrote it' },
  alarm_id: { holds: 'id of the alarm' },
  alarm_definition_id: { holds: 'id of its definition; nil for alarms of 2014' },
  alarm_timestamp: { holds: 'time of the change, whole epoch seconds, as the filter `date` takes it' },
  changed_at: { holds: 'the same as `2015-04-14T14:57:33.632Z`, UTC' },
  tenant_id: { holds: 'the tenant that owns the alarm' },
  link: { holds: 'the link of the alarm if it is http or https, else nil' },
  lifecycle_state: { holds: 'lifecycle state; nil where there is none' },
  metrics: { holds: 'the metrics, at most 200, each as it came: `name`, `dimensions`' },
  metrics_count: { holds: 'how many there are in all' },
  dimensions: { holds: 'the dimensions of the first metric' },
  hosts: { holds: 'each value of the dimension `hostname` once' },
  host: { holds: 'the host if there is exactly one, else nil' },
  labels: { holds: 'free labels of the alarm, by name' },
  method: { holds: 'the notification method', fields: ['id', 'name', 'type'] },
  notification_id: { holds: 'id of this notification; the same for every attempt' },
  attempt: { holds: 'counts tries from 1' },
  repeat: { holds: '0 for the first telling, n for the n-th periodic one' },
};

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** Only for templates that ask: the alarm is parsed once more for it. */
function labelsOf(alarm: Alarm): unknown {
  if (!alarm.rawAlarm.includes('"labels"')) return {};
  return fieldOf(JSON.parse(alarm.rawAlarm), 'labels') ?? {};
}

/** The variables of `templateVariables` for one notification; what the alarm does not carry is null. */
export function templateValues(notification: Notification): object {
  const { alarm, method, attempt, repeat } = notification;
  const body = Object.entries(alarmBody(notification));
  const hosts = hostnamesOf(alarm).map((host) => cutText(host, longestText));
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, value] of body) values[name] = typeof value === 'string' ? cutText(value, longestText) : value;
  return Object.assign(values, {
    metrics: alarm.metrics.slice(0, mostMetrics),
    metrics_count: alarm.metrics.length,
    dimensions: fieldOf(alarm.metrics[0], 'dimensions') ?? {},
    title: alarmTitle(alarm),
    changed_at: changedAt(alarm) ?? null,
    link: linkOf(alarm) ?? null,
    hosts,
    host: hosts.length === 1 ? hosts[0] : null,
    labels: labelsOf(alarm),
    method: { id: method.id, name: method.name, type: method.type },
    attempt,
    repeat,
  });
}
