/** Resolves when the first of the signals aborts; at once when one has. */
export function untilAborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    };
    for (const signal of signals) signal.addEventListener('abort', done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}

/** The result of `work`, or a rejection with `givenUp()` as soon as `signal` aborts; what `work` does afterwards is nobody's concern. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, givenUp: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(givenUp());
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    // Both ends are heard even after an abort: a rejection without a listener would end the process.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
