import { PartitionReading } from '../../../src/adapters/kafka/partition-reading.js';
import { BoundedQueue } from '../../../src/runtime/bounded-queue.js';
import { NotificationProcessor } from '../../../src/stages/notification-processor.js';
import { SentNotificationProcessor } from '../../../src/stages/sent-notification-processor.js';
import { ParcelLedger } from '../../../src/tracker/ledger.js';
import { type Mutant, replaceMethods } from './mutant.js';

/** Faults in the way of an alarm through the stages. */
export const flowMutants: readonly Mutant[] = [
  {
    name: 'takes a failed send for a finished one',
    plant: () =>
      replaceMethods(NotificationProcessor.prototype, {
        process: (original) =>
          async function (group, signal) {
            const settled = await original.call(this, group, signal);
            const isFailed = settled.kind === 'forward' && settled.item.records.some((each) => each.outcome !== 'sent');
            return isFailed ? { kind: 'finish', reason: 'recorded' } : settled;
          },
      }),
  },
  {
    name: 'finishes before the record is acknowledged',
    plant: () =>
      replaceMethods(SentNotificationProcessor.prototype, {
        process: (original) =>
          async function (alarm, signal) {
            original.call(this, alarm, signal).catch(() => undefined);
            return { kind: 'finish', reason: 'recorded' };
          },
      }),
  },
  {
    name: 'lets the next of an alarm go before the one before is done',
    plant: () =>
      replaceMethods(BoundedQueue.prototype, {
        take: (original) =>
          function () {
            const parcel = original.call(this);
            if (parcel !== undefined) this.release(parcel.orderKey);
            return parcel;
          },
      }),
  },
  {
    name: 'goes on in a new term with what it held in the old one',
    plant: () =>
      replaceMethods(NotificationProcessor.prototype, {
        process: (original) =>
          function (group) {
            return original.call(this, group, new AbortController().signal);
          },
      }),
  },
  {
    name: 'forgets what a dead worker held',
    plant: () =>
      replaceMethods(ParcelLedger.prototype, {
        bury: (original) =>
          function (worker) {
            return { again: [], quarantine: original.call(this, worker).quarantine };
          },
      }),
  },
  {
    name: 'bounds what is unfinished and not what is uncommitted',
    plant: () =>
      replaceMethods(PartitionReading.prototype, {
        take: (original) =>
          function (count) {
            this.commit(this.position ?? 0n);
            return original.call(this, count);
          },
      }),
  },
];
