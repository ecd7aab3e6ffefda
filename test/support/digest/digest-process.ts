import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repoRoot } from '../repo.js';
import { waitFor } from '../wait-for.js';

/** One `mon-notification digest` as its users start it. */
export class DigestProcess {
  readonly #words: readonly string[];
  #child: ChildProcess | undefined;
  #err = '';

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  start(): void {
    this.#err = '';
    const program = join(repoRoot(), 'dist', 'cli', 'main.js');
    const child = spawn(process.execPath, [program, 'digest', ...this.#words], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (bytes) => {
      if (this.#child === child) this.#err += bytes;
    });
    this.#child = child;
  }

  get log(): string {
    return this.#err;
  }

  /** True once it owns workers, and until it said that it does no more. */
  get isActive(): boolean {
    return this.#err.lastIndexOf('"digest_took_over"') > this.#err.lastIndexOf('"digest_gave_up"');
  }

  /** The workers it owns now, by its own words. */
  get ownedWorkers(): ReadonlySet<string> {
    const owned = new Set<string>();
    for (const line of this.#err.split('\n')) {
      const said = line.startsWith('{') && line.endsWith('}') ? (JSON.parse(line) as Record<string, string>) : {};
      if (said.event === 'digest_gave_up' && said.workers === undefined) owned.clear();
      for (const worker of said.workers?.split(',') ?? []) {
        if (said.event === 'digest_took_over') owned.add(worker);
        if (said.event === 'digest_gave_up' || said.event === 'digest_handed_over') owned.delete(worker);
      }
    }
    return owned;
  }

  async takesOver(timeoutMs = 30_000): Promise<void> {
    await waitFor(() => this.isActive, 'the digest to take over', { timeoutMs });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it by a signal; gives its exit code. */
  async end(name: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, 'close');
    child.kill(name);
    await closed;
    return child.exitCode;
  }
}
