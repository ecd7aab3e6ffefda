import { lagOf } from '../admin/status-document.js';
import type { EngineStatus } from './engine-status.js';

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
    '',
    `retries waiting ${document.retries_waiting}; ${outcomes.join(', ') || 'no outcomes yet'}`,
  ];
  return lines.map((line) => line.replace(/\p{Cc}/gu, '?'));
}

/** Left-aligned first column, right-aligned others, as wide as their widest cell. */
function columns(
  heads: readonly string[],
  rows: readonly (readonly (string | number | bigint)[])[],
): readonly string[] {
  const lines = [heads, ...rows.map((row) => row.map(String))];
  const widths = heads.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
}
