/** One alarm and one method that its owner asked to be told by. */
export interface Promised {
  readonly alarmId: string;
  readonly methodId: string;
}

/** A record of a notification that was not sent, or not yet. */
export interface Parked extends Promised {
  /** Attempts on record that failed: a receiver may have taken each of them all the same. */
  readonly failedCount: number;
}

/** What reached a receiver, as the receiver saw it. */
export interface Receipt extends Promised {
  /** The identity that it carried. */
  readonly id: string;
  readonly atMs: number;
}

export interface Verdict {
  /** Promised, neither received nor parked: `alarm → method`. */
  readonly lost: readonly string[];
  /** Receipts beyond the first of each promise. */
  readonly repeatCount: number;
  /** Those of them that no failed attempt on record explains. */
  readonly unrecordedRepeatCount: number;
  /** Promises whose receipts carried more than one identity. */
  readonly severalIds: readonly string[];
  /** Promises that were received. */
  readonly deliveredCount: number;
  /** Promises that were parked and not received. */
  readonly parkedCount: number;
}

const name = ({ alarmId, methodId }: Promised) => `${alarmId} → ${methodId}`;

/** Compares what was promised with what arrived or was parked. Receipts of alarms that were not promised are left aside. */
export function judge(
  promised: readonly Promised[],
  receipts: readonly Receipt[],
  parked: readonly Parked[] = [],
): Verdict {
  const received = new Map<string, Receipt[]>(promised.map((promise) => [name(promise), []]));
  for (const receipt of receipts) received.get(name(receipt))?.push(receipt);
  const failedCounts = new Map<string, number>();
  for (const one of parked) failedCounts.set(name(one), Math.max(failedCounts.get(name(one)) ?? 0, one.failedCount));
  const entries = [...received];
  const missing = entries.filter(([, list]) => list.length === 0).map(([promise]) => promise);
  return {
    lost: missing.filter((promise) => !failedCounts.has(promise)),
    repeatCount: entries.reduce((sum, [, list]) => sum + Math.max(0, list.length - 1), 0),
    unrecordedRepeatCount: entries.reduce(
      (sum, [promise, list]) => sum + Math.max(0, list.length - 1 - (failedCounts.get(promise) ?? 0)),
      0,
    ),
    severalIds: entries.filter(([, list]) => new Set(list.map(({ id }) => id)).size > 1).map(([promise]) => promise),
    deliveredCount: entries.length - missing.length,
    parkedCount: missing.filter((promise) => failedCounts.has(promise)).length,
  };
}
