import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repoRoot } from './repo.js';
import { waitFor } from './wait-for.js';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface StatusDocument {
  readonly role: string;
  readonly lease_remaining_ms: number;
  readonly partitions: readonly { topic: string; partition: number; read: string; committed: string; window: number }[];
  readonly owners: readonly { topic: string; partition: number; instance?: string }[];
  readonly queues: readonly { name: string; length: number; capacity: number }[];
  readonly workers: readonly { stage: string; pid: number; state: string; replacements: number; in_flight: number }[];
  readonly retries_waiting: number;
  readonly repeats_waiting: number;
  readonly breakers: readonly { destination: string; workers: number }[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly reasons: readonly string[];
}

/** A bound for waits whose length is no promise: on a machine that is busy with other things a start takes as long as it takes. */
const patienceMs = 120_000;

/** The built program, run as an operator runs it: `mon-notification run --config FILE`. */
export class EngineProcess {
  readonly lines: LogLine[] = [];
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #child: ChildProcess;
  #exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  #stderr = '';

  /** With `shell` it is started by these words of a shell, in which `"$@"` is the command. */
  constructor(configFile: string, env: NodeJS.ProcessEnv = {}, shell = 'exec "$@"') {
    const command = [process.execPath, join(repoRoot(), 'dist', 'cli', 'main.js'), 'run', '--config', configFile];
    this.#child = spawn('sh', ['-c', shell, 'sh', ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    if (this.#child.stderr === null) throw new Error('expected a pipe');
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#read(line));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Everything on stderr, for a test that looks for words. */
  get stderr(): string {
    return this.#stderr;
  }

  named(event: string): readonly LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }

  /** Waits for a log line. @throws with the last lines when the engine ends first. */
  async sees(event: string, timeoutMs = patienceMs): Promise<LogLine> {
    await waitFor(() => this.named(event).length > 0 || !this.isRunning, `event ${event}`, { timeoutMs });
    const line = this.named(event).at(-1);
    if (line === undefined) throw new Error(`the engine ended without ${event}:\n${this.#stderr.slice(-3_000)}`);
    return line;
  }

  async adminPort(): Promise<number> {
    return Number((await this.sees('admin_listening')).port);
  }

  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`http://127.0.0.1:${await this.adminPort()}${path}`, {
      signal: AbortSignal.timeout(30_000),
    });
    return { status: answer.status, text: await answer.text() };
  }

  async status(): Promise<StatusDocument> {
    return JSON.parse((await this.get('/status.json')).text) as StatusDocument;
  }

  async becomes(role: string, timeoutMs = patienceMs): Promise<void> {
    await waitFor(async () => (await this.status()).role === role, `role ${role}`, { timeoutMs });
  }

  /** Process ids of the workers of a stage, asked of the engine itself. */
  async workerPids(stage: string): Promise<readonly number[]> {
    return (await this.status()).workers.filter((worker) => worker.stage === stage).map((worker) => worker.pid);
  }

  /** Process ids of main and of all workers, asked of the engine itself. */
  async allPids(): Promise<readonly number[]> {
    return [this.pid, ...(await this.status()).workers.map((worker) => worker.pid)];
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return (await this.exited).code;
  }

  /** For the clean-up of a test: whatever state it is in, it is gone afterwards. */
  async kill(): Promise<void> {
    if (this.isRunning) this.signal('SIGKILL');
    await this.exited;
  }

  #read(line: string): void {
    this.#stderr += `${line}\n`;
    if (!line.startsWith('{')) return;
    this.lines.push(JSON.parse(line) as LogLine);
  }
}
