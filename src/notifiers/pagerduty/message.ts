import type { Alarm } from '../../domain/alarm.js';
import type { Notification } from '../../domain/notification.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { changedAt, hostnamesOf, oneLine } from '../alarm-text.js';
import { cutText } from '../cut-text.js';
import { incidentKey } from '../incident-key.js';

const longestSummary = 1_024;
/** Far below the 512 KB that an event may have in all, and more than anybody reads in an incident. */
const longestDetail = 20_000;
/** Of version 1. */
const longestDescription = 1_024;

/** `subject` is the summary of an event, `text` the message in its details. */
export const pagerdutyParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
];

type Severity = 'critical' | 'error' | 'warning' | 'info';

const severities: ReadonlyMap<string, Severity> = new Map([
  ['CRITICAL', 'critical'],
  ['HIGH', 'error'],
  ['MEDIUM', 'warning'],
  ['LOW', 'info'],
]);

function details({ alarm, id }: Notification, texts: MessageTexts): Readonly<Record<string, unknown>> {
  return {
    alarm_id: cutText(alarm.alarmId, longestDetail),
    alarm_name: cutText(alarm.alarmName, longestDetail),
    current: cutText(alarm.newState, longestDetail),
    message: cutText(texts.text ?? alarm.stateChangeReason, longestDetail),
    old_state: cutText(alarm.oldState, longestDetail),
    notification_id: id,
  };
}

function sourceOf(alarm: Alarm): string {
  const [host, ...more] = hostnamesOf(alarm);
  return cutText(oneLine(host === undefined || more.length > 0 ? alarm.alarmName : host), longestSummary) || 'unnamed';
}

/** An event of the Events API v2, without its key. Source: developer.pagerduty.com, "Send an Alert Event" and "PD-CEF" (fields and limits). */
export function alertEvent(notification: Notification, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const { alarm } = notification;
  const summary = oneLine(texts.subject ?? `${alarm.newState}: ${alarm.alarmName}: ${alarm.stateChangeReason}`);
  return {
    event_action: alarm.newState === 'OK' ? 'resolve' : 'trigger',
    dedup_key: incidentKey(notification),
    client: 'mon-notification',
    payload: {
      summary: cutText(summary, longestSummary),
      source: sourceOf(alarm),
      severity: severities.get(alarm.severity?.toUpperCase() ?? '') ?? 'error',
      timestamp: changedAt(alarm),
      custom_details: details(notification, texts),
    },
  };
}

/** The same as an event of the API's first version. Source: developer.pagerduty.com, "Events API v1: Trigger, Resolve". */
export function genericEvent(notification: Notification, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const { alarm } = notification;
  return {
    event_type: alarm.newState === 'OK' ? 'resolve' : 'trigger',
    incident_key: incidentKey(notification),
    description: cutText(texts.subject ?? (alarm.stateChangeReason || alarm.newState), longestDescription),
    client: 'mon-notification',
    client_url: '',
    details: details(notification, texts),
  };
}
