import { notificationId } from '../../src/domain/notification.js';
import { type AckedAlarm, type ChaosReceipt, grouped, type History, type Holding, type Strike } from './history.js';

/** Lock history is read in steps: what lies so close to a change of holder cannot be told apart. */
const lookMs = 250;
/** For so long after a thaw, or after a stranger removed the lock, a send may come from somebody who does not know yet. */
const excuseMs = 1_500;
const shownCount = 5;

export interface RepeatBound {
  /** Notifications that may come again when one sender dies. */
  readonly perSender: number;
  /** Those that may come again when a whole engine dies, loses its lock or its lease. */
  readonly perEngine: number;
}

export interface Verdict {
  readonly violations: readonly string[];
  readonly lostCount: number;
  readonly repeatCount: number;
  readonly repeatLimit: number;
  /** Receipts from an engine that could not know yet that it no longer held the lock. */
  readonly excusedCount: number;
  readonly parkedCount: number;
  readonly deliveredCount: number;
}

/** Compares what was promised with what was seen, by ledgers that the engine does not write. */
export function check(history: History, bound: RepeatBound): Verdict {
  const violations: string[] = [];
  const fail = (what: string, which: readonly string[]) => {
    if (which.length > 0) violations.push(`${which.length} ${what}: ${which.slice(0, shownCount).join('; ')}`);
  };
  const ids = identities(history);
  const received = grouped(history.receipts, ({ id }) => id);
  const missing = [...ids].filter(([id]) => !received.has(id));
  const lost = missing.filter(([id]) => !history.parkedIds.has(id)).map(([, { serial }]) => `alarm ${serial}`);
  fail('acknowledged and neither received nor parked', lost);
  fail('received under an identity that is not theirs', strangers(history, ids));
  fail('received without a record on the notification topic', unrecorded(history, ids));
  const zombies = zombiesOf(history);
  const late = zombies.filter((receipt) => !isExcused(receipt, history.strikes));
  fail(
    'received from an engine that no longer held the lock',
    late.map(({ serial, atMs }) => `alarm ${serial} at ${atMs.toFixed(0)}`),
  );
  fail('two holders of one lock', overlaps(history.holdings));
  fail('out of order', outOfOrder(history, received));
  fail('committed before it was told', early(history, received));
  fail('positions that went back', wentBack(history));
  fail('partitions not committed to their end', notAtEnd(history));
  const repeatCount = [...received.values()].reduce((sum, list) => sum + list.length - 1, 0);
  const repeatLimit = limitOf(history.strikes, bound);
  if (repeatCount > repeatLimit) violations.push(`${repeatCount} repeats, where ${repeatLimit} have a cause`);
  return {
    violations,
    lostCount: lost.length,
    repeatCount,
    repeatLimit,
    excusedCount: zombies.length - late.length,
    parkedCount: missing.length - lost.length,
    deliveredCount: ids.size - missing.length,
  };
}

function identities({ topic, methodIds, acked }: History): ReadonlyMap<string, AckedAlarm> {
  const ids = new Map<string, AckedAlarm>();
  for (const alarm of acked)
    for (const methodId of methodIds)
      ids.set(notificationId({ topic, partition: alarm.partition, offset: alarm.offset }, methodId), alarm);
  return ids;
}

/** A receipt of an acknowledged alarm under another identity than its position and method give. */
function strangers({ receipts, acked }: History, ids: ReadonlyMap<string, AckedAlarm>): readonly string[] {
  const serials = new Set(acked.map(({ serial }) => serial));
  return receipts
    .filter(({ id, serial }) => serials.has(serial) && ids.get(id)?.serial !== serial)
    .map(({ serial, id }) => `alarm ${serial} as ${id}`);
}

function unrecorded({ receipts, recordedIds, parkedIds }: History, ids: ReadonlyMap<string, AckedAlarm>) {
  const missing = new Set<string>();
  for (const { id, serial } of receipts)
    if (ids.has(id) && !recordedIds.has(id) && !parkedIds.has(id)) missing.add(`alarm ${serial}`);
  return [...missing];
}

/** Somebody held the lock, and not the engine that sent: neither then nor so shortly before or after that we could be wrong. */
function zombiesOf({ topic, receipts, acked, holdings }: History): readonly ChaosReceipt[] {
  const partitions = new Map(acked.map(({ serial, partition }) => [serial, partition]));
  const byLock = grouped(holdings, ({ lock }) => lock);
  return receipts.filter(({ serial, engine, atMs }) => {
    if (engine === undefined) return false;
    const lines = [topic, `${topic}/${partitions.get(serial)}`].flatMap((lock) => byLock.get(lock) ?? []);
    const holders = lines.filter(
      ({ fromMs, toMs }) => fromMs <= atMs + lookMs && (toMs === undefined || toMs > atMs - lookMs),
    );
    return holders.length > 0 && holders.every((holder) => holder.engine !== engine);
  });
}

/**
 * A write that a process had ready when it was frozen leaves it when it thaws; and no lease can know that a stranger removed the lock: its
 * holder hears of it, and acts until then.
 */
function isExcused({ pid, atMs }: ChaosReceipt, strikes: readonly Strike[]): boolean {
  return strikes.some(({ kind, untilMs, pid: frozen, atMs: fromMs }) => {
    const reason = kind === 'remove lock' || (kind.startsWith('freeze') && (frozen === undefined || frozen === pid));
    return reason && atMs >= fromMs && atMs <= untilMs + excuseMs;
  });
}

function overlaps(holdings: readonly Holding[]): readonly string[] {
  const found: string[] = [];
  for (const [lock, list] of grouped(holdings, ({ lock }) => lock)) {
    const inOrder = list.toSorted((a, b) => a.fromMs - b.fromMs);
    for (const [index, { toMs }] of inOrder.entries()) {
      const next = inOrder[index + 1];
      if (next !== undefined && (toMs === undefined || toMs > next.fromMs)) found.push(lock);
    }
  }
  return found;
}

/** First receipts only: after a death the same ones come again in the same order. */
function outOfOrder(
  { acked, methodIds, topic, retriedIds }: History,
  received: ReadonlyMap<string, readonly ChaosReceipt[]>,
) {
  const found: string[] = [];
  for (const methodId of methodIds) {
    const newest = new Map<string, number>();
    for (const { alarmId, partition: at, offset, serial } of acked) {
      const id = notificationId({ topic, partition: at, offset }, methodId);
      const first = received.get(id)?.[0];
      if (first === undefined || retriedIds.has(id)) continue;
      const before = newest.get(alarmId);
      if (before !== undefined && first.atMs < before) found.push(`alarm ${serial} of ${alarmId}`);
      newest.set(alarmId, Math.max(first.atMs, before ?? 0));
    }
  }
  return found;
}

function early(
  { acked, commits, methodIds, topic, parkedIds, retriedIds }: History,
  received: ReadonlyMap<string, readonly ChaosReceipt[]>,
) {
  const found: string[] = [];
  for (const [partitionNumber, list] of grouped(commits, ({ partition: at }) => at)) {
    const alarms = acked
      .filter(({ partition: at }) => at === partitionNumber)
      .sort((a, b) => Number(a.offset - b.offset));
    let next = 0;
    for (const { nextToRead, atMs } of list) {
      for (let alarm = alarms[next]; alarm !== undefined && alarm.offset < nextToRead; alarm = alarms[next]) {
        next += 1;
        const { offset, serial } = alarm;
        for (const methodId of methodIds) {
          const id = notificationId({ topic, partition: partitionNumber, offset }, methodId);
          const first = received.get(id)?.[0];
          const isDurable = parkedIds.has(id) || retriedIds.has(id);
          if ((first === undefined || first.atMs > atMs) && !isDurable) found.push(`alarm ${serial}`);
        }
      }
    }
  }
  return found;
}

function wentBack({ commits }: History): readonly string[] {
  const found: string[] = [];
  const highest = new Map<number, bigint>();
  for (const { partition: at, nextToRead } of commits) {
    const before = highest.get(at);
    if (before !== undefined && nextToRead < before) found.push(`partition ${at} from ${before} to ${nextToRead}`);
    highest.set(at, nextToRead);
  }
  return found;
}

function notAtEnd({ committed, logEnds }: History): readonly string[] {
  return [...logEnds]
    .filter(([at, end]) => end > 0n && committed.get(at) !== end)
    .map(([at, end]) => `partition ${at} at ${committed.get(at) ?? 'none'} of ${end}`);
}

/** What may come again: by a sender that died, what it had in hand; by an engine, what was sent and not yet part of a commit. */
function limitOf(strikes: readonly Strike[], { perSender, perEngine }: RepeatBound): number {
  return strikes.reduce((sum, strike) => sum + allowance(strike, perSender, perEngine), 0);
}

function allowance({ kind, stage }: Strike, perSender: number, perEngine: number): number {
  if (kind === 'terminate' || kind === 'hang receivers' || kind.endsWith('mysql')) return 0;
  if (kind.endsWith('process') && stage !== 'main')
    return stage === 'notification_processor' ? perSender : perEngine / 4;
  return perEngine;
}
