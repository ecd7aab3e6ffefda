import type { Clock, Random } from '../ports/system.js';

function monoMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

function limit(ms: number, parent?: AbortSignal): ReturnType<Clock['limit']> {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, ms);
  const stop = () => {
    clearTimeout(timer);
    controller.abort();
  };
  if (parent?.aborted) stop();
  else parent?.addEventListener('abort', stop);
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    clear() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', stop);
    },
  };
}

function every(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => clearInterval(timer);
}

/** The real clock, and with `systemRandom` the only place that reads time or chance: the simulation puts its own in their place. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monoMs,
  sleep,
  limit,
  every,
  soon: (run) => setImmediate(run),
};

/** Chance for jitter; nothing secret may rest on it. */
export const systemRandom: Random = () => Math.random();

/** Milliseconds of the processor that this process has used, all of its threads: the measure for work of our own that has to end. */
export function spentProcessorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
