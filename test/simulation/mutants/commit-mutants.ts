import { ZookeeperSession } from '../../../src/adapters/zookeeper/session.js';
import { type Offset, partitionText, positionText, type TopicPartition } from '../../../src/domain/position.js';
import { Carry } from '../../../src/engine/carry.js';
import type { StoredOffset } from '../../../src/ports/progress.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { type Mutant, replaceMethods } from './mutant.js';

const nothing = new Uint8Array();
const maxLagMs = 600;

/** Faults in what is committed, and under which right. */
export const commitMutants: readonly Mutant[] = [
  {
    name: 'commits the highest finished offset',
    plant() {
      const highest = new WeakMap<FirstUnfinishedTracker, Map<string, Offset>>();
      return replaceMethods(FirstUnfinishedTracker.prototype, {
        finish: (original) =>
          function (position) {
            const known = highest.get(this) ?? new Map<string, Offset>();
            highest.set(this, known);
            const name = partitionText(position);
            if (position.offset >= (known.get(name) ?? 0n)) known.set(name, position.offset + 1n);
            return original.call(this, position);
          },
        committable: (original) =>
          function (partition) {
            const stored = original.call(this, partition);
            const highestOffset = highest.get(this)?.get(partitionText(partition)) ?? 0n;
            if (stored === undefined || highestOffset <= stored.nextToRead) return stored;
            return { nextToRead: highestOffset, finishedAbove: nothing };
          },
      });
    },
  },
  {
    // E3 of the ancestor: a maximum lag, and then the highest finished one over open ones.
    name: 'skips the head after a maximum lag',
    plant({ nowMs }) {
      const highest = new WeakMap<FirstUnfinishedTracker, Map<string, Offset>>();
      return replaceMethods(FirstUnfinishedTracker.prototype, {
        finish: (original) =>
          function (position) {
            const known = highest.get(this) ?? new Map<string, Offset>();
            highest.set(this, known);
            const name = partitionText(position);
            if (position.offset >= (known.get(name) ?? 0n)) known.set(name, position.offset + 1n);
            return original.call(this, position);
          },
        committable: (original) =>
          function (partition) {
            const stored = original.call(this, partition);
            const skipTo = highest.get(this)?.get(partitionText(partition)) ?? 0n;
            const head = this.oldestUnfinished(partition);
            const isLate = head !== undefined && nowMs() - head.begunAtMonoMs > maxLagMs;
            if (stored === undefined || !isLate || skipTo <= stored.nextToRead) return stored;
            return { nextToRead: skipTo, finishedAbove: nothing };
          },
      });
    },
  },
  {
    // E4 of the ancestor: the next offset is the one before plus one.
    name: 'believes that offsets have no gaps',
    plant() {
      const finished = new WeakMap<FirstUnfinishedTracker, Map<string, Set<Offset>>>();
      const of = (tracker: FirstUnfinishedTracker, partition: TopicPartition) => {
        const all = finished.get(tracker) ?? new Map<string, Set<Offset>>();
        finished.set(tracker, all);
        const own = all.get(partitionText(partition)) ?? new Set<Offset>();
        all.set(partitionText(partition), own);
        return own;
      };
      return replaceMethods(FirstUnfinishedTracker.prototype, {
        finish: (original) =>
          function (position) {
            of(this, position).add(position.offset);
            return original.call(this, position);
          },
        committable: (original) =>
          function (partition) {
            const stored = original.call(this, partition);
            if (stored === undefined) return undefined;
            let next = this.progress(partition).committed;
            while (of(this, partition).has(next)) next += 1n;
            return next < stored.nextToRead ? { nextToRead: next, finishedAbove: nothing } : stored;
          },
      });
    },
  },
  {
    // E2 of the ancestor: what finishes first is where a partition begins.
    name: 'learns of an alarm when it is finished',
    plant() {
      const begun = new WeakMap<FirstUnfinishedTracker, Set<string>>();
      return replaceMethods(FirstUnfinishedTracker.prototype, {
        begin: () =>
          function (position) {
            const known = begun.get(this) ?? new Set<string>();
            begun.set(this, known);
            known.add(positionText(position));
            return 'begun';
          },
        finish: (original) =>
          function (position) {
            if (!begun.get(this)?.delete(positionText(position))) return 'unknown';
            if (position.offset >= this.progress(position).read) originalBegin.call(this, position);
            return original.call(this, position);
          },
      });
    },
  },
  {
    name: 'commits without a look at its lock',
    plant: () =>
      replaceMethods(ZookeeperSession.prototype, {
        multi: (original) =>
          function (operations) {
            return original.call(
              this,
              operations.filter(({ kind }) => kind !== 'check'),
            );
          },
      }),
  },
  {
    name: 'carries over whatever another engine has done since',
    plant() {
      const kept = new WeakMap<Carry, Map<string, StoredOffset>>();
      return replaceMethods(Carry.prototype, {
        keep: () =>
          function (partition, _saved, reached) {
            const known = kept.get(this) ?? new Map<string, StoredOffset>();
            kept.set(this, known.set(partitionText(partition), reached));
          },
        onto: () =>
          function (partition, stored) {
            return kept.get(this)?.get(partitionText(partition)) ?? stored;
          },
      });
    },
  },
  {
    name: 'forgets at a take-over what was finished above',
    plant: () =>
      replaceMethods(FirstUnfinishedTracker.prototype, {
        open: (original) =>
          function (partition, stored) {
            original.call(this, partition, { ...stored, finishedAbove: nothing });
          },
      }),
  },
];

const originalBegin = FirstUnfinishedTracker.prototype.begin;
