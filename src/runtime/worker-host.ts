import type { Link } from '../ports/flow.js';
import type { Clock } from '../ports/system.js';
import { linkToParent } from './fork-link.js';
import type { FromWorker, SystemSeen, ToWorker } from './protocol.js';
import { toWireError } from './wire.js';

export type StartMessage = Extract<ToWorker, { type: 'start' }>;

/** What a stage is made of, in its own process. */
export interface WorkerParts {
  /** Every message but `start` and `drain`. */
  handle(message: ToWorker): void;
  systems(): Readonly<Record<string, SystemSeen>>;
  metrics(): unknown;
  /** Words for the readiness details. */
  notes(): readonly string[];
  /** Lets go of everything outside. Nothing is under way any more, or it is given up. */
  close(): Promise<void>;
}

export interface WorkerHost {
  send(message: FromWorker): void;
  /** Says why, and ends the process: what it holds is handed out again. */
  crash(error: unknown): void;
}

type Build = (start: StartMessage, host: WorkerHost) => Promise<WorkerParts>;

/** What a worker runs in. `exit` ends its process once what was said is on its way. */
export interface WorkerFrame {
  readonly link: Pick<Link<FromWorker, ToWorker>, 'send' | 'onMessage'>;
  readonly clock: Clock;
  readonly build: Build;
  exit(code: number): void;
}

const beatEveryMs = 500;

/**
 * Runs one worker: builds its parts at `start`, passes messages on, beats, and exits when told to or when main is gone.
 *
 * Signals are main's affair: a Ctrl-C reaches the whole process group, and senders must not die before main has drained them.
 */
export function hostWorker(clock: Clock, build: Build): void {
  const link = linkToParent<FromWorker, ToWorker>();
  const exit = (code: number) => void link.flushed().then(() => process.exit(code));
  const crash = serveWorker({ link, clock, build, exit });
  const ignore = () => undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ignore);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

/** The life of one worker, whatever its process is. Returns what ends it for a reason. */
export function serveWorker({ link, clock, build, exit }: WorkerFrame): (error: unknown) => void {
  let parts: WorkerParts | undefined;
  let isCrashing = false;
  const crash = (error: unknown) => {
    // One fault may fail all that is in hand.
    if (isCrashing) return;
    isCrashing = true;
    link.send({ type: parts === undefined ? 'start_failed' : 'crashed', error: toWireError(error) });
    exit(1);
  };
  const host: WorkerHost = { send: (message) => link.send(message), crash };

  const start = async (message: StartMessage) => {
    const built = await build(message, host);
    parts = built;
    link.send({ type: 'ready' });
    clock.every(beatEveryMs, () => {
      link.send({ type: 'beat', systems: built.systems(), metrics: built.metrics(), notes: built.notes() });
    });
  };
  const drain = async () => {
    await parts?.close();
    if (parts !== undefined) {
      link.send({ type: 'beat', systems: parts.systems(), metrics: parts.metrics(), notes: [] });
    }
    link.send({ type: 'drained' });
    exit(0);
  };
  link.onMessage((message) => {
    if (message.type === 'start') start(message).catch(crash);
    else if (message.type === 'drain') drain().catch(crash);
    else parts?.handle(message);
  });
  return crash;
}
