import type { EngineView } from '../admin/engine-view.js';
import type { Readiness, Role } from '../admin/readiness.js';
import { packageVersion } from './version.js';

/** What the running digest tells of itself; its transport fills it in. */
export interface DigestState {
  isConnected: () => boolean;
  ownedCount: () => number;
  isDurable: boolean;
  isStopping: boolean;
}

/** The digest as the admin endpoint shows it: live always; ready while the broker answers, active or standing by. */
export function digestView(instance: string, state: DigestState, metricsText: () => string): EngineView {
  const role = (): Role => {
    if (state.isStopping) return 'stopping';
    if (!state.isConnected()) return 'starting';
    return state.ownedCount() > 0 ? 'active' : 'standby';
  };
  const ready = (): Readiness => {
    const reasons = [
      ...(state.isStopping ? ['the digest is stopping'] : []),
      ...(state.isConnected() ? [] : ['the broker does not answer']),
    ];
    return { ready: reasons.length === 0, reasons, notes: state.isDurable ? [] : ['not_durable'] };
  };
  return {
    status: () => ({
      ...{ version: packageVersion(), instance, pid: process.pid, role: role(), lease_remaining_ms: 0 },
      ...{ partitions: [], owners: [], queues: [], workers: [], outcomes: {}, breakers: [] },
      ...{ retries_waiting: 0, repeats_waiting: 0 },
      reasons: ready().reasons,
    }),
    metricsText: async () => metricsText(),
    health: () => ({ ok: true, reasons: [] }),
    ready,
  };
}
