import { SessionLease } from '../../../src/adapters/zookeeper/session-lease.js';
import { SendGate } from '../../../src/delivery/send-gate.js';
import { leaseMarginMs } from '../../../src/ownership/lease-clock.js';
import { type Mutant, replaceMethods } from './mutant.js';

/** Faults in how long a right is believed in. */
export const leaseMutants: readonly Mutant[] = [
  {
    name: 'does not look at the lease before a send',
    plant: () =>
      replaceMethods(SendGate.prototype, {
        send: () => async (notifier, notification, signal) => {
          return { kind: 'taken', receipt: await notifier.send(notification, signal) };
        },
      }),
  },
  {
    name: 'counts the lease from the answer, for the full session',
    plant: ({ nowMs }) =>
      replaceMethods(SessionLease.prototype, {
        renew: (original) =>
          function (sent, timeoutMs) {
            const laterMs = nowMs() + leaseMarginMs(timeoutMs) - sent.atMonoMs;
            original.call(this, { atMonoMs: sent.atMonoMs + laterMs, atMs: sent.atMs + laterMs }, timeoutMs);
          },
      }),
  },
  {
    name: 'believes in its lock until the client speaks of its loss',
    plant: ({ nowMs }) =>
      replaceMethods(SessionLease.prototype, {
        renew: (original) =>
          function (sent, timeoutMs) {
            const laterMs = nowMs() + 1_000_000 - sent.atMonoMs;
            original.call(this, { atMonoMs: sent.atMonoMs + laterMs, atMs: sent.atMs + laterMs }, timeoutMs);
          },
      }),
  },
];
