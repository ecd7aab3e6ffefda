import type { WorkerRef } from '../../src/ports/progress.js';
import type { FromWorker, ToWorker } from '../../src/runtime/protocol.js';
import type { WorkerExit, WorkerHandle } from '../../src/runtime/worker-handle.js';
import type { Chance } from './chance.js';
import type { SimProcess } from './process.js';
import { wireCopy } from './wire-copy.js';

/** One direction of the channel between two processes of a host: in order, and lost with the process that was to read it. */
class Way<Message extends object> {
  readonly #reader: SimProcess;
  readonly #chance: Chance;
  readonly #slowMs: () => number;
  readonly #hear: (message: Message) => void;
  #messages: Message[] = [];
  #lastAtMs = 0;

  constructor(reader: SimProcess, chance: Chance, slowMs: () => number, hear: (message: Message) => void) {
    this.#reader = reader;
    this.#chance = chance;
    this.#slowMs = slowMs;
    this.#hear = hear;
  }

  send(message: Message): void {
    // As on the wire: what JSON cannot carry must not pass here either.
    this.#messages.push(wireCopy(message));
    const { nowMs } = this.#reader.scheduler;
    const atMs = Math.max(
      nowMs + this.#chance.delayMs(0.2) + this.#chance.number() * this.#slowMs(),
      this.#lastAtMs + 0.001,
    );
    this.#lastAtMs = atMs;
    this.#reader.scheduler.after(
      atMs - nowMs,
      () => {
        const next = this.#messages.shift();
        if (next !== undefined) this.#hear(next);
      },
      this.#reader,
    );
  }

  /** The writer was killed: the newest messages may not have left it. */
  loseSome(): void {
    const kept = this.#chance.is(0.5) ? this.#messages.length : this.#chance.whole(0, this.#messages.length);
    this.#messages.length = kept;
  }

  /** When all that is on its way has arrived. */
  endsInMs(): number {
    return Math.max(0, this.#lastAtMs - this.#reader.scheduler.nowMs) + 0.01;
  }
}

export interface WorkerWorld {
  readonly chance: Chance;
  /** Extra delay of messages at this moment. */
  slowMs(): number;
  /** Fills the new process with a worker; `send` is its way to main. Returns who hears what main says. */
  inhabit(worker: SimWorker): (message: ToWorker) => void;
  /** A message of a worker has been heard by main. */
  heard(message: FromWorker): void;
}

/** A worker in a simulated process of its own, at the other end of two ways that can lose and delay. */
export class SimWorker implements WorkerHandle {
  readonly ref: WorkerRef;
  readonly process: SimProcess;
  readonly exited: Promise<WorkerExit>;
  readonly pid: number;
  state: WorkerHandle['state'] = 'starting';
  silentMs = 0;
  /** As main's last word to it said. */
  lease = { term: 0, endsAtMs: 0 };
  readonly #main: SimProcess;
  readonly #toWorker: Way<ToWorker>;
  readonly #fromWorker: Way<FromWorker>;
  #exit: WorkerExit = { code: null, signal: 'SIGKILL' };

  constructor(
    ref: WorkerRef,
    pair: { main: SimProcess; own: SimProcess },
    world: WorkerWorld,
    onMessage: (message: FromWorker) => void,
  ) {
    this.ref = ref;
    this.pid = ref.generation;
    this.process = pair.own;
    this.#main = pair.main;
    const slowMs = () => world.slowMs();
    this.#fromWorker = new Way<FromWorker>(pair.main, world.chance, slowMs, (message) => {
      this.silentMs = 0;
      onMessage(message);
      world.heard(message);
    });
    const hear = world.inhabit(this);
    this.#toWorker = new Way<ToWorker>(pair.own, world.chance, slowMs, hear);
    this.exited = new Promise((resolve) => {
      pair.own.onDead(() => {
        if (this.#exit.signal !== null) this.#fromWorker.loseSome();
        const tell = () => {
          this.state = 'dead';
          resolve(this.#exit);
        };
        pair.main.scheduler.after(this.#fromWorker.endsInMs() + world.chance.number(), tell, pair.main);
      });
    });
    // Nobody outlives main, but a worker learns of its death only when it runs.
    pair.main.onDead(() => this.#orphaned(world.chance.delayMs(1)));
  }

  send(message: ToWorker): void {
    if (this.state !== 'dead') this.#main.callAndGo('ipc', () => this.#toWorker.send(message));
  }

  kill(): void {
    this.process.scheduler.after(0.05, () => this.process.kill());
  }

  /** The worker's own words. */
  say(message: FromWorker): void {
    if (this.#main.isAlive) this.process.callAndGo('ipc', () => this.#fromWorker.send(message));
  }

  /** The worker ends itself, after its last word. */
  leave(code: number): void {
    this.process.scheduler.after(
      0.01,
      () => {
        this.#exit = { code, signal: null };
        this.process.kill();
      },
      this.process,
    );
  }

  #orphaned(inMs: number): void {
    this.process.scheduler.after(inMs, () => this.leave(1), this.process);
  }
}
