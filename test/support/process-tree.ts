import { readdirSync, readFileSync } from 'node:fs';
import { isAlive } from './process-state.js';

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It ended between being listed and being read, or belongs to somebody else.
    return '';
  }
}

function parentOf(pid: number): number {
  // The name stands in parentheses and may hold anything.
  const stat = textOf(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/**
 * The processes whose environment holds `marker`, and all that those have started, whatever session or group they moved to. Linux.
 */
export function processesOf(marker: string): readonly number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  const found = new Set(pids.filter((pid) => textOf(`/proc/${pid}/environ`).includes(marker)));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found].filter(isAlive);
}
