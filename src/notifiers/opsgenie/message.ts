import type { Notification } from '../../domain/notification.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmMessage, alarmTitle, hostnamesOf, oneLine } from '../alarm-text.js';
import { cutText } from '../cut-text.js';
import { incidentKey } from '../incident-key.js';

const longestMessage = 130;
const longestDescription = 15_000;
const longestEntity = 512;
/** All details together may have 8,000 characters. */
const longestDetail = 1_000;

/** `subject` is the message of an alert, `text` its description, and the note that closes it. */
export const opsgenieParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
];

const priorities: ReadonlyMap<string, string> = new Map([
  ['CRITICAL', 'P1'],
  ['HIGH', 'P2'],
  ['MEDIUM', 'P3'],
  ['LOW', 'P4'],
]);

/** What opens an alert, or counts it once more. Source: docs.opsgenie.com, "Alert API: Create Alert" (fields and limits). */
export function newAlert(notification: Notification, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const { alarm, id } = notification;
  const short = (text: string) => cutText(text, longestDetail);
  return {
    message: cutText(oneLine(texts.subject ?? alarmTitle(alarm)), longestMessage),
    alias: incidentKey(notification),
    description: textOf(notification, texts),
    entity: cutText(oneLine(hostnamesOf(alarm)[0] ?? alarm.alarmName), longestEntity),
    source: 'mon-notification',
    priority: priorities.get(alarm.severity?.toUpperCase() ?? '') ?? 'P3',
    details: {
      alarm_id: short(alarm.alarmId),
      tenant_id: short(alarm.tenantId),
      state: short(alarm.newState),
      old_state: short(alarm.oldState),
      notification_id: id,
    },
  };
}

function textOf({ alarm }: Notification, { text }: MessageTexts): string {
  return text === undefined ? alarmMessage(alarm, longestDescription) : cutText(text, longestDescription);
}

/** What closes it. Source: docs.opsgenie.com, "Alert API: Close Alert". */
export function closing(notification: Notification, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  return { source: 'mon-notification', note: textOf(notification, texts) };
}
