import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repoRoot } from './repo.js';

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program with these words to its end; after 30 s it is killed. */
export async function runProgram(...words: readonly string[]): Promise<ProgramResult> {
  const program = join(repoRoot(), 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data) => {
      text[name] += data;
    });
  }
  const [code] = await once(child, 'close');
  return { code, ...text };
}
