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
