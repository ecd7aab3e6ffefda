import { execFile } from 'node:child_process';

/** Tells the service manager how the engine is. Never throws and holds nothing up. */
export interface ServiceNotify {
  /** Active or standing by: the start is over. */
  ready(status: string): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  stopping(status: string): void;
  /** Resolves when everything told so far has arrived or failed. */
  settled(): Promise<void>;
}

type Run = (words: readonly string[]) => Promise<void>;

const limitMs = 5_000;

/**
 * Speaks to systemd when it started us (`NOTIFY_SOCKET`), else to nobody.
 *
 * Node has no datagram socket of the Unix kind, so `systemd-notify` is run for each message, one after the other; the unit needs
 * `NotifyAccess=all`. `failed` hears why a message did not arrive.
 */
export function serviceNotify(
  environment: Readonly<Record<string, string | undefined>>,
  failed: (reason: string) => void,
  run: Run = runSystemdNotify,
): ServiceNotify {
  if (!environment.NOTIFY_SOCKET) return silent;
  let last: Promise<void> = Promise.resolve();
  const tell = (...words: string[]) => {
    last = last.then(() => run(words)).catch((error: unknown) => failed(reasonOf(error)));
  };
  return {
    ready: (status) => tell('--ready', `--status=${oneLine(status)}`),
    status: (text) => tell(`--status=${oneLine(text)}`),
    stopping: (status) => tell(`--status=${oneLine(status)}`, 'STOPPING=1'),
    settled: () => last,
  };
}

const silent: ServiceNotify = {
  ready: () => undefined,
  status: () => undefined,
  stopping: () => undefined,
  settled: () => Promise.resolve(),
};

/** A line break would begin another variable of the protocol. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200);
}

function runSystemdNotify(words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('systemd-notify', [...words], { timeout: limitMs, killSignal: 'SIGKILL' }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
