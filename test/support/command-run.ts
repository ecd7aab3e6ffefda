import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { repoRoot } from './repo.js';
import { waitFor } from './wait-for.js';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where and as what a command runs; the environment is added to that of the tests. */
interface RunPlace {
  readonly program?: string;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One command of the built program, run as a script runs it: without a terminal. */
export class CommandRun {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';

  constructor(words: readonly string[], at: RunPlace = {}) {
    const { program = join(repoRoot(), 'dist', 'cli', 'main.js'), cwd = repoRoot(), environment = {} } = at;
    const env = { ...process.env, ...environment };
    this.#child = spawn(process.execPath, [program, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (bytes) => {
      this.#out += bytes;
    });
    this.#child.stderr?.on('data', (bytes) => {
      this.#err += bytes;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => resolve({ code, out: this.#out, err: this.#err }));
    });
  }

  /** Waits for words on stderr. */
  async says(words: string): Promise<void> {
    await waitFor(() => this.#err.includes(words), `${JSON.stringify(words)} on stderr`, { timeoutMs: 20_000 });
  }

  /** Waits for words on stdout, so many times. */
  async prints(words: string, times = 1): Promise<void> {
    const has = () => this.#out.split(words).length > times;
    await waitFor(has, `${JSON.stringify(words)} on stdout`, { timeoutMs: 20_000 });
  }

  /** The line of stderr that holds these words, as soon as it is there. */
  async line(words: string): Promise<string> {
    const found = () => this.#err.split('\n').find((line) => line.includes(words));
    await waitFor(() => found() !== undefined, `${JSON.stringify(words)} on stderr`, { timeoutMs: 20_000 });
    return found() ?? '';
  }

  /** The first group of what was found on stdout so far. */
  printed(pattern: RegExp): string | undefined {
    return pattern.exec(this.#out)?.[1];
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

/** Runs a command to its end. */
export async function runCommand(...words: readonly string[]): Promise<Ended> {
  return await new CommandRun(words).ended;
}
