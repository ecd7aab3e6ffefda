import type { Clock } from '../../src/ports/system.js';
import type { CallCounter, Fate, PortKind } from './calls.js';
import type { Chance } from './chance.js';
import type { Happening, Scheduler } from './scheduler.js';

/** A moment of virtual time 0 on every wall clock that has not jumped. */
export const epochMs = Date.UTC(2026, 0, 1);

/** One process of one host: what is meant for it waits while it is frozen, and vanishes once it is dead. */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly calls: CallCounter | undefined;
  isAlive = true;
  isFrozen = false;
  freezeCount = 0;
  #waiting: Happening[] = [];
  #onDead: (() => void)[] = [];

  constructor(
    name: string,
    scheduler: Scheduler,
    chance: Chance,
    { wallOffsetMs, calls }: { wallOffsetMs(): number; readonly calls: CallCounter | undefined },
  ) {
    this.name = name;
    this.calls = calls;
    this.scheduler = scheduler;
    this.chance = chance;
    this.clock = processClock(this, wallOffsetMs);
  }

  /** False for what the process cannot take now; a frozen one takes it later. */
  mayRun(happening: Happening): boolean {
    if (!this.isAlive) return false;
    if (this.isFrozen) this.#waiting.push(happening);
    return !this.isFrozen;
  }

  freeze(): void {
    this.isFrozen = true;
    this.freezeCount += 1;
  }

  /** What has gathered comes at once: timers first, or what arrived, as the loop happened to stand. */
  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    const first = this.chance.is(0.5) ? 'timer' : 'io';
    const ordered = [...waiting.filter(({ kind }) => kind === first), ...waiting.filter(({ kind }) => kind !== first)];
    for (const [index, happening] of ordered.entries()) this.scheduler.again(happening, (index + 1) * 1e-6);
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#waiting = [];
    for (const tell of this.#onDead.splice(0)) tell();
  }

  /** Asked before each call that leaves the process. What dies in the middle of its code makes no further call. */
  call(kind: PortKind): Fate {
    if (!this.isAlive) return 'dies before';
    const fate = this.calls?.next(kind) ?? 'passes';
    if (fate === 'dies before') this.kill();
    return fate;
  }

  /** The same for a call that is out once this returns: makes it, unless nobody is left to, and dies of it where that is its fate. */
  callAndGo(kind: PortKind, go: (fate: Fate) => void): void {
    const fate = this.call(kind);
    if (fate !== 'dies before') go(fate);
    if (fate === 'dies after') this.kill();
  }

  onDead(tell: () => void): void {
    this.#onDead.push(tell);
  }
}

function processClock(process: SimProcess, wallOffsetMs: () => number): Clock {
  const { scheduler, chance } = process;
  // The timers of Node keep whole milliseconds, and come late when the loop is busy.
  const timer = (ms: number, run: () => void) => {
    const happening = scheduler.after(Math.max(1, Math.ceil(ms)) + chance.number(), run, process, 'timer');
    return () => {
      happening.isCancelled = true;
    };
  };
  return {
    nowMs: () => Math.floor(epochMs + scheduler.nowMs + wallOffsetMs()),
    monoMs: () => scheduler.nowMs,
    sleep: (ms, signal) => sleep(timer, ms, signal),
    limit: (ms, parent) => new Limit(timer, ms, parent),
    soon(run) {
      scheduler.after(0.001, run, process);
    },
    every(ms, tick) {
      let clear: () => void = () => undefined;
      const arm = () => {
        clear = timer(ms, () => {
          arm();
          tick();
        });
      };
      arm();
      return () => clear();
    },
  };
}

type Timer = (ms: number, run: () => void) => () => void;

function sleep(timer: Timer, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clear();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const clear = timer(ms, end);
    signal?.addEventListener('abort', end);
  });
}

/** A class and no literal: a getter in a literal is made anew each time. */
class Limit {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #clearTimer: () => void;
  readonly #stop = () => {
    this.#clearTimer();
    this.#controller.abort();
  };
  expired = false;

  constructor(timer: Timer, ms: number, parent?: AbortSignal) {
    this.#parent = parent;
    this.#clearTimer = timer(ms, () => {
      this.expired = true;
      this.#controller.abort();
    });
    if (parent?.aborted) this.#stop();
    else parent?.addEventListener('abort', this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    this.#clearTimer();
    this.#parent?.removeEventListener('abort', this.#stop);
  }
}
