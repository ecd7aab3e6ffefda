import type { Clock } from '../ports/system.js';

/** What the signals of the operating system ask for. */
export interface StopRequest {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Aborts at the second one: no more patience. */
  readonly force: AbortSignal;
  /** Name of the signal that asked first. */
  readonly name: () => string | undefined;
  /** Stops listening. */
  dispose(): void;
}

/** Turns SIGTERM and SIGINT into two abort signals. SIGHUP is ignored: a closed terminal does not end a daemon. */
export function listenForStop(): StopRequest {
  const stop = new AbortController();
  const force = new AbortController();
  let name: string | undefined;
  const hear = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) force.abort();
    name ??= signal;
    stop.abort();
  };
  const ignore = () => undefined;
  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  process.on('SIGHUP', ignore);
  return {
    stop: stop.signal,
    force: force.signal,
    name: () => name,
    dispose() {
      process.off('SIGTERM', hear);
      process.off('SIGINT', hear);
      process.off('SIGHUP', ignore);
    },
  };
}

/** Calls `end` once nobody waits any more: at the second signal, or `graceMs` after the first. Gives what calls it off. */
export function afterPatience(
  { stop, force }: Pick<StopRequest, 'stop' | 'force'>,
  graceMs: number,
  clock: Clock,
  end: () => void,
): () => void {
  let isOver = false;
  let limit: ReturnType<Clock['limit']> | undefined;
  const begin = () => {
    if (isOver) return;
    limit = clock.limit(graceMs, force);
    limit.signal.addEventListener('abort', end, { once: true });
  };
  stop.addEventListener('abort', begin, { once: true });
  return () => {
    isOver = true;
    limit?.clear();
  };
}
