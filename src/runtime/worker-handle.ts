import type { WorkerRef } from '../ports/progress.js';
import type { FromWorker, ToWorker } from './protocol.js';

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Main's side of one worker: a process that can be told things, heard, and killed. */
export interface WorkerHandle {
  readonly ref: WorkerRef;
  readonly pid: number;
  /** Resolves once the worker is gone and all that it said before has been heard. */
  readonly exited: Promise<WorkerExit>;
  state: 'starting' | 'ready' | 'draining' | 'dead';
  /** Milliseconds of main's own turning loop since the worker was heard: a main that was frozen does not blame its workers. */
  silentMs: number;
  send(message: ToWorker): void;
  kill(): void;
}

/** Starts one worker; `onMessage` hears all that it says. */
export type StartWorker = (ref: WorkerRef, onMessage: (message: FromWorker) => void) => WorkerHandle;
