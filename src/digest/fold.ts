import type { AlarmState, AlarmStatus, StatusChange } from '../ports/digest.js';

/** What became of one status change; a closed set, since it labels a metric. */
export type FoldResult = 'stored' | 'same_status' | 'older' | 'duplicate';

const severity: Readonly<Record<AlarmStatus, number>> = { CLEARED: 0, WARNING: 1, CRITICAL: 2 };

type Ordered = Pick<AlarmState, 'status' | 'changedAt' | 'sequence'>;

/** True for what a digest may contain. */
export function isActive(status: AlarmStatus): boolean {
  return status !== 'CLEARED';
}

/**
 * Below 0 when `a` comes before `b`: by time, then by sequence, then by severity.
 *
 * A total order that does not depend on arrival: of two statuses of the same time the more severe one wins.
 */
function compareChanges(a: Ordered, b: Ordered): number {
  if (a.changedAt.epochNs !== b.changedAt.epochNs) return a.changedAt.epochNs < b.changedAt.epochNs ? -1 : 1;
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  return severity[a.status] - severity[b.status];
}

/**
 * Folds one status change into what is known of its alarm. Pure; folding a message twice, late or in any order ends in the same state.
 *
 * What is not newer is dropped, also when the alarm is cleared: hence it stays known as a tombstone. A repeated status moves the time
 * forward and leaves `toSend` as it is.
 */
export function fold(
  known: AlarmState | undefined,
  change: StatusChange,
  nowMs: number,
): { readonly result: FoldResult; readonly alarm: AlarmState } {
  const { status, changedAt, sequence } = change;
  const name = change.name ?? known?.name;
  const told = { status, changedAt, sequence, ...(name === undefined ? {} : { name }) };
  if (known === undefined) {
    return { result: 'stored', alarm: { ...told, ...marks(isActive(status), 1, nowMs) } };
  }
  const order = compareChanges(change, known);
  if (order < 0) return { result: 'older', alarm: known };
  if (order === 0) return { result: 'duplicate', alarm: known };
  const version = known.version + 1;
  if (status === known.status) {
    return { result: 'same_status', alarm: { ...told, ...marks(known.toSend, version, nowMs) } };
  }
  return { result: 'stored', alarm: { ...told, ...marks(isActive(status), version, nowMs) } };
}

function marks(toSend: boolean, version: number, storedAtMs: number) {
  return { toSend, version, storedAtMs };
}
