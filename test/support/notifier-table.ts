import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outcomesVariable } from '../contract/notifier.js';
import { repoRoot } from './repo.js';

/** Lines `notifier, tab, outcome class` as a Markdown table: how many cases of each class the contract verified. Classes in order of first use. */
export function outcomeTable(lines: readonly string[]): string {
  const counts = new Map<string, Map<string, number>>();
  const classes: string[] = [];
  for (const line of lines) {
    const [notifier = '', outcome = ''] = line.split('\t');
    const row = counts.get(notifier) ?? new Map<string, number>();
    counts.set(notifier, row.set(outcome, (row.get(outcome) ?? 0) + 1));
    if (!classes.includes(outcome)) classes.push(outcome);
  }
  const rows = [...counts].map(([notifier, row]) => [notifier, ...classes.map((one) => String(row.get(one) ?? ''))]);
  const cells = [['notifier', ...classes], ['notifier', ...classes].map(() => '---'), ...rows];
  return cells.map((row) => `| ${row.join(' | ')} |\n`).join('');
}

/** Runs the contract for every notifier, each file in a process of its own, one after the other. */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'notifier-table-'));
  const file = join(folder, 'outcomes.tsv');
  const tests = join(repoRoot(), 'dist/.test/test/integration');
  try {
    for (const name of readdirSync(tests).filter((one) => /-notifiers?\.test\.js$/.test(one))) {
      const env = { ...process.env, [outcomesVariable]: file };
      const child = spawn(process.execPath, ['--test', join(tests, name)], { env, stdio: 'ignore' });
      const [code] = await once(child, 'exit');
      if (code !== 0) process.exitCode = 1;
    }
    process.stdout.write(outcomeTable(readFileSync(file, 'utf8').trimEnd().split('\n')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === `file://${process.argv[1]}`) await main();
