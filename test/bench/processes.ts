import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const ticksPerSecond = 100;

export interface Usage {
  /** User and system time since the process began. */
  readonly cpuMs: number;
  readonly residentMb: number;
}

/** What the kernel knows of a process. Linux only, like the servers around it. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuMs: (ticks * 1000) / ticksPerSecond, residentMb: (Number(fields[21]) * 4096) / 1e6 };
}

export interface SinkFigures {
  readonly count: number;
  readonly distinct: number;
  /** Milliseconds from the writing of an alarm to its arrival, for those that say when. */
  readonly tookMs: readonly number[];
}

/** A receiver in a process of its own. */
export class Sink {
  readonly #child: ChildProcess;
  #port = 0;

  constructor() {
    this.#child = fork(new URL('./sink.js', import.meta.url), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  }

  async start(): Promise<number> {
    if (this.#child.stdout === null) throw new Error('expected a pipe');
    const [line] = await once(createInterface({ input: this.#child.stdout }), 'line');
    this.#port = JSON.parse(String(line)).port;
    return this.#port;
  }

  async figures(): Promise<SinkFigures> {
    return (await (await fetch(`http://127.0.0.1:${this.#port}/`)).json()) as SinkFigures;
  }

  stop(): void {
    this.#child.disconnect();
  }
}
