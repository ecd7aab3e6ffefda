import { readdirSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import type { EngineProcess } from '../support/engine-process.js';
import type { Changes, World } from '../support/world.js';
import { nowMs } from './history.js';
import { lasting } from './pace.js';

const restartMs = 500;

/** A process of an engine: `main`, or the stage of a worker. */
export interface Part {
  readonly pid: number;
  readonly stage: string;
}

export interface Exit {
  readonly atMs: number;
  readonly code: number | null;
  readonly signal: string | null;
}

/** The place of one engine on one host: when it ends it is started again, as systemd does. */
export class Seat {
  readonly index: number;
  readonly exits: Exit[] = [];
  engine: EngineProcess | undefined;
  readonly #world: World;
  readonly #changes: Changes;
  readonly #logFile: string;
  #isOver = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(index: number, world: World, changes: Changes, logFile: string) {
    this.index = index;
    this.#world = world;
    this.#changes = changes;
    this.#logFile = logFile;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Main and its workers, as the system knows them; empty between two lives. */
  parts(): readonly Part[] {
    const { engine } = this;
    if (engine?.isRunning !== true) return [];
    return [{ pid: engine.pid, stage: 'main' }, ...childrenOf(engine.pid)];
  }

  signal(name: NodeJS.Signals, parts = this.parts()): void {
    for (const { pid } of parts) trySignal(pid, name);
  }

  /** SIGTERM, for good. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.engine?.signal('SIGTERM');
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const engine = await this.#world.start(this.#changes);
      this.engine = engine;
      const exit = await engine.exited;
      this.exits.push({ ...exit, atMs: nowMs() });
      await appendFile(this.#logFile, engine.stderr);
      if (!this.#isOver) await lasting(restartMs);
    }
  }
}

export function trySignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

function childrenOf(parent: number): readonly Part[] {
  const parts: Part[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue;
      const title = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      parts.push({ pid: Number(name), stage: /^mon-notification: (\w+)/.exec(title)?.[1] ?? 'starting' });
    } catch {
      // It ended meanwhile.
    }
  }
  return parts;
}
