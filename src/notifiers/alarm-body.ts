import type { Alarm } from '../domain/alarm.js';
import type { DigestEntry, Notification } from '../domain/notification.js';

/** A producer may send an id as a number: it is echoed as it came, while we work with its decimal text. */
function asReceived(alarm: Alarm, field: string, id: string | undefined): string | number | null {
  if (id === undefined) return null;
  if (!/^-?[0-9.]{1,16}$/.test(id)) return id;
  const raw: unknown = JSON.parse(alarm.rawAlarm);
  const value = typeof raw === 'object' && raw !== null ? Reflect.get(raw, field) : undefined;
  return typeof value === 'number' ? value : id;
}

/**
 * The alarm as webhooks and chats get it: ten keys in the order that receivers have known since 2015, then ours.
 *
 * `alarm_timestamp` is whole epoch seconds; what the alarm does not carry is null. Source: the ten keys of the ancestor.
 */
export function alarmBody({ alarm, id, digest }: Notification): Readonly<Record<string, unknown>> {
  return {
    alarm_id: asReceived(alarm, 'alarmId', alarm.alarmId),
    alarm_definition_id: asReceived(alarm, 'alarmDefinitionId', alarm.alarmDefinitionId),
    alarm_name: alarm.alarmName,
    alarm_description: alarm.alarmDescription,
    alarm_timestamp: Math.floor(alarm.changedAtMs / 1000),
    state: alarm.newState,
    old_state: alarm.oldState,
    message: alarm.stateChangeReason,
    tenant_id: asReceived(alarm, 'tenantId', alarm.tenantId),
    metrics: alarm.metrics,
    severity: alarm.severity ?? null,
    link: alarm.link ?? null,
    lifecycle_state: alarm.lifecycleState ?? null,
    notification_id: id,
    ...(digest === undefined ? {} : { kind: 'digest', alarms: digest.map(entryBody) }),
  };
}

function entryBody({ alarmId, name, status, changedAt }: DigestEntry): Readonly<Record<string, string>> {
  return { alarm_id: alarmId, alarm_name: name, status, changed_at: changedAt };
}
