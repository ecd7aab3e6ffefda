import type { EngineView } from '../../src/admin/engine-view.js';
import type { StatusDocument } from '../../src/admin/status-document.js';

/** An engine at work, as its admin endpoint would tell. */
export function sampleStatus(changes: Partial<StatusDocument> = {}): StatusDocument {
  return {
    version: '0.1.0',
    instance: 'mon-a1-4711-1795238400',
    pid: 4711,
    role: 'active',
    lease_remaining_ms: 8123,
    partitions: [
      { topic: 'alarm-state-transitions', partition: 0, read: '108', committed: '101', window: 7, high_water: '633' },
      { topic: 'retry-notifications', partition: 0, read: '8', committed: '8', window: 0 },
    ],
    owners: [],
    queues: [{ name: 'alarms', length: 12, capacity: 256 }],
    workers: [{ stage: 'alarm_processor', pid: 4721, state: 'ready', replacements: 1, in_flight: 14 }],
    retries_waiting: 17,
    repeats_waiting: 4,
    breakers: [],
    outcomes: { sent: 120443, retrying: 88, dead: 3 },
    reasons: [],
    ...changes,
  };
}

/** A view that answers the same every time. */
export function fixedView(status = sampleStatus(), changes: Partial<EngineView> = {}): EngineView {
  return {
    status: () => status,
    metricsText: async () => 'mon_notification_lock_held 1\n',
    health: () => ({ ok: true, reasons: [] }),
    ready: () => ({ ready: status.reasons.length === 0, reasons: status.reasons, notes: ['email relay away'] }),
    ...changes,
  };
}
