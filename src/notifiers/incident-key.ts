import { identityOf, type Notification } from '../domain/notification.js';

/** Names one incident: the same for every transition of an alarm to one method, so that OK ends what ALARM began. 32 characters. */
export function incidentKey({ alarm, method }: Notification): string {
  return identityOf([alarm.tenantId, alarm.alarmId, method.id]);
}
