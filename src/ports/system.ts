export type Fields = Readonly<Record<string, unknown>>;
type Log = (message: string, fields?: Fields) => void;

export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  child(fields: Fields): Logger;
}

/**
 * `nowMs` is epoch milliseconds, for `…AtMs` fields and for people, never for a limit. `monoMs` is monotonic and comparable between the
 * processes of one host (`process.hrtime`; `performance.now` is not). `sleep` ends at once when `signal` aborts and never rejects.
 */
export interface Clock {
  nowMs(): number;
  monoMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A signal that aborts after `ms`, and when `parent` does; `clear` ends its timer. Every limit on an outside call is made of these. */
  limit(ms: number, parent?: AbortSignal): { readonly signal: AbortSignal; readonly expired: boolean; clear(): void };
  /** Calls `run` after the present turn of the event loop. */
  soon(run: () => void): void;
  /** Calls `tick` every `ms` until the returned function is called. Does not keep the process alive. */
  every(ms: number, tick: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;
