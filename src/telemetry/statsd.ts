import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
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
 * that cannot be resolved or reached is no error: datagrams are lost, as datagrams are. `resolve` is asked once a round, and no round begins
 * before the one before has ended: questions about names have few threads, and others wait for them, too.
 */
export function startStatsd(
  config: StatsdConfig,
  perProcess: PerProcess,
  workers: readonly string[],
  clock: Clock,
  resolve: Resolve = addressOf,
): () => Promise<void> {
  const family = config.host.includes(':') ? 6 : 4;
  const socket = createSocket(`udp${family}`);
  socket.on('error', () => undefined);
  socket.unref();
  let before: ReadonlyMap<string, MetricSnapshot> = new Map();
  let underWay: Promise<void> | undefined;
  let isClosed = false;
  const round = async (): Promise<void> => {
    const address = await resolve(config.host, family);
    if (address === undefined || isClosed) return;
    const now = perProcess();
    const lines = statsdLines(config.names, before, now, workers);
    before = now;
    await Promise.all(
      lines.map((line) => new Promise<void>((sent) => socket.send(line, config.port, address, () => sent()))),
    );
  };
  const send = (): Promise<void> => {
    underWay ??= round().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  const stop = clock.every(everyMs, () => void send());
  return async () => {
    stop();
    const limit = clock.limit(everyMs);
    const expired = new Promise((resolve) => limit.signal.addEventListener('abort', resolve, { once: true }));
    const last = async () => {
      await underWay;
      if (!isClosed) await send();
    };
    await Promise.race([last(), expired]);
    limit.clear();
    isClosed = true;
    socket.close();
  };
}

/** The address of a host; undefined where there is none. */
type Resolve = (host: string, family: 4 | 6) => Promise<string | undefined>;

async function addressOf(host: string, family: 4 | 6): Promise<string | undefined> {
  return await lookup(host, { family }).then(
    ({ address }) => address,
    () => undefined,
  );
}
