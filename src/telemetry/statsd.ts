import { createSocket } from 'node:dgram';
import type { Clock } from '../ports/system.js';
import type { MetricSnapshot } from './metric-store.js';
import { statsdLines } from './statsd-lines.js';

export interface StatsdConfig {
  readonly host: string;
  readonly port: number;
  readonly names: 'mon' | 'monasca' | 'both';
}

/** Figures per process, as `MergedMetrics.perProcess` gives them. */
type PerProcess = () => ReadonlyMap<string, MetricSnapshot>;

const everyMs = 1000;

/**
 * Sends the ancestor's statsd metrics once a second, until the returned function is called; it sends what is left.
 *
 * One datagram per metric, as the ancestor's clients did. `workers` lists the processes in the order that gives them their numbers. A host
 * that cannot be resolved or reached is no error: datagrams are lost, as datagrams are.
 */
export function startStatsd(
  config: StatsdConfig,
  perProcess: PerProcess,
  workers: readonly string[],
  clock: Clock,
): () => Promise<void> {
  const socket = createSocket(config.host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  socket.unref();
  let before: ReadonlyMap<string, MetricSnapshot> = new Map();
  const send = (): Promise<unknown> => {
    const now = perProcess();
    const lines = statsdLines(config.names, before, now, workers);
    before = now;
    return Promise.all(
      lines.map((line) => new Promise<void>((sent) => socket.send(line, config.port, config.host, () => sent()))),
    );
  };
  const stop = clock.every(everyMs, () => void send());
  return async () => {
    stop();
    const limit = clock.limit(everyMs);
    const expired = new Promise((resolve) => limit.signal.addEventListener('abort', resolve, { once: true }));
    await Promise.race([send(), expired]);
    limit.clear();
    socket.close();
  };
}
