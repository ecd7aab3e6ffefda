import type { Alarm } from './alarm.js';
import type { NotificationMethod } from './notification.js';
import { Secret } from './secret.js';

/** The type of the one method that hears of canaries. No notifier of anybody else may have it. */
export const canaryType = 'canary';

/** Whoever reads the alarm topic, or the records of outcomes, knows a canary by its tenant; no tenant and no method of anybody is named so. */
export const canaryTenantId = 'mon-notification-canary';

/** Where canaries go, whatever the database says: it tells nobody. */
export const canaryMethod: NotificationMethod = {
  id: canaryTenantId,
  name: 'Canary',
  type: canaryType,
  address: new Secret(''),
  periodMs: 0,
};

/** True for an alarm that an engine wrote itself, to see whether alarms arrive. */
export function isCanary({ tenantId }: Pick<Alarm, 'tenantId'>): boolean {
  return tenantId === canaryTenantId;
}
