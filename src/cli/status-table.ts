import { lagOf, type OwnerStatus, type StatusDocument, sharesOf } from '../admin/status-document.js';
import { columns, printable } from './columns.js';
import type { EngineStatus } from './engine-status.js';

function breakerLines({ breakers = [] }: Partial<StatusDocument>): readonly string[] {
  if (breakers.length === 0) return [];
  const rows = breakers.map(({ destination, workers }) => [destination, workers] as const);
  return ['', ...columns(['LEFT ALONE', 'WORKERS'], rows)];
}

/** The state of an engine as lines for a terminal. */
export function statusTable({ document, notes }: EngineStatus): readonly string[] {
  const lease = document.lease_remaining_ms > 0 ? `, lease ${(document.lease_remaining_ms / 1000).toFixed(1)} s` : '';
  const outcomes = Object.entries(document.outcomes).map(([outcome, count]) => `${outcome} ${count}`);
  const readiness = document.reasons.length === 0 ? 'ready' : 'NOT READY';
  const lines = [
    `${document.role}, ${readiness}${lease}`,
    `instance ${document.instance}, version ${document.version}, pid ${document.pid}`,
    ...document.reasons.map((reason) => `  reason: ${reason}`),
    ...notes.map((note) => `  note: ${note}`),
    '',
    ...columns(
      ['PARTITION', 'READ', 'COMMITTED', 'WINDOW', 'LAG'],
      document.partitions.map((one) => [
        `${one.topic}/${one.partition}`,
        one.read,
        one.committed,
        one.window,
        lagOf(one) ?? '?',
      ]),
    ),
    ...ownersOf(document.owners),
    '',
    ...columns(
      ['QUEUE', 'WAITING', 'CAPACITY'],
      document.queues.map((queue) => [queue.name, queue.length, queue.capacity]),
    ),
    '',
    ...columns(
      ['STAGE', 'PID', 'STATE', 'IN HAND', 'REPLACED'],
      document.workers.map((worker) => [worker.stage, worker.pid, worker.state, worker.in_flight, worker.replacements]),
    ),
    ...breakerLines(document),
    '',
    `${waitingOf(document)}; ${outcomes.join(', ') || 'no outcomes yet'}`,
  ];
  return lines.map(printable);
}

/** An engine of an older version tells nothing of repeats. */
function waitingOf({ retries_waiting: retries, repeats_waiting: repeats }: Partial<StatusDocument>): string {
  return `retries waiting ${retries}${repeats === undefined ? '' : `, repeats waiting ${repeats}`}`;
}

/** Nothing for an engine that owns all, or is of a version that tells nothing of it. */
function ownersOf(owners: readonly OwnerStatus[] | undefined): readonly string[] {
  if (owners === undefined || owners.length === 0) return [];
  const shares = sharesOf(owners);
  const texts = ['PARTITIONS', ...shares.map(({ partitions }) => partitions)];
  const rows = shares.map(({ owner, count }) => [owner, count]);
  return ['', ...columns(['OWNER', 'COUNT'], rows).map((line, index) => `${line}  ${texts[index]}`)];
}
