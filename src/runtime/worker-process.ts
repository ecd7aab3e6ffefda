import { type ChildProcess, fork } from 'node:child_process';
import type { WorkerRef } from '../ports/progress.js';
import { type ForkLink, linkToChild } from './fork-link.js';
import type { FromWorker, ToWorker } from './protocol.js';
import { smallNursery } from './small-heap.js';
import type { StartWorker, WorkerExit, WorkerHandle } from './worker-handle.js';

/** Of our own environment a worker gets these; secrets reach it in the `start` message only. */
const inheritedEnvironment = ['PATH', 'HOME', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'NODE_V8_COVERAGE'];

/** Workers as processes of their own, all of one program. */
export function workerProcesses(file: URL): StartWorker {
  return (ref, onMessage) => new WorkerProcess(file, ref, onMessage);
}

/** A worker by `fork`: its process, its link, and what is known of its life. */
export class WorkerProcess implements WorkerHandle {
  readonly ref: WorkerRef;
  readonly exited: Promise<WorkerExit>;
  readonly #child: ChildProcess;
  readonly #link: ForkLink<ToWorker, FromWorker>;
  state: WorkerHandle['state'] = 'starting';
  silentMs = 0;

  constructor(file: URL, ref: WorkerRef, onMessage: (message: FromWorker) => void) {
    this.ref = ref;
    this.#child = fork(file, [], {
      execArgv: [
        ...['--disable-proto=delete', '--disable-warning=TimeoutNegativeWarning', '--enable-source-maps'],
        smallNursery,
      ],
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => inheritedEnvironment.includes(name))),
        // Names are resolved on these threads: a few dead name servers must not hold up the lookups of other hosts.
        UV_THREADPOOL_SIZE: '16',
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#link = linkToChild(this.#child);
    this.#link.onMessage((message) => {
      this.silentMs = 0;
      onMessage(message);
    });
    // Not before the channel has ended too: what the worker answered before its death still counts.
    const ended = Promise.all([exitOf(this.#child), this.#link.closed]).then(([exit]) => exit);
    this.exited = Promise.race([ended, failedStart(this.#child)]).then((exit) => {
      this.state = 'dead';
      return exit;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: ToWorker): void {
    if (this.state !== 'dead') this.#link.send(message);
  }

  /** SIGKILL: a worker that hangs heeds nothing else. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function exitOf(child: ChildProcess): Promise<WorkerExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** The process could not even be started: no more descriptors, or no more processes. It has no exit to wait for. */
function failedStart(child: ChildProcess): Promise<WorkerExit> {
  return new Promise((resolve) => {
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}
