/** One alarm and one method that its owner asked to be told by. */
export interface Promised {
  readonly alarmId: string;
  readonly methodId: string;
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
  parked: readonly Promised[] = [],
): Verdict {
  const received = new Map<string, Receipt[]>(promised.map((promise) => [name(promise), []]));
  for (const receipt of receipts) received.get(name(receipt))?.push(receipt);
  const isParked = new Set(parked.map(name));
  const entries = [...received];
  const missing = entries.filter(([, list]) => list.length === 0).map(([promise]) => promise);
  return {
    lost: missing.filter((promise) => !isParked.has(promise)),
    repeatCount: entries.reduce((sum, [, list]) => sum + Math.max(0, list.length - 1), 0),
    severalIds: entries.filter(([, list]) => new Set(list.map(({ id }) => id)).size > 1).map(([promise]) => promise),
    deliveredCount: entries.length - missing.length,
    parkedCount: missing.filter((promise) => isParked.has(promise)).length,
  };
}
