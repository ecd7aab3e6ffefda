import type { NatsConnection } from '@nats-io/transport-node';
import { backOffMs } from '../../domain/back-off.js';
import { givenUp, messageOf } from '../../domain/errors.js';
import type { NatsServers } from '../../domain/nats-servers.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { loadNats, type NatsLibrary } from './library.js';

const connectLimitMs = 5_000;
const pingMs = 2_000;
const pauses = { firstMs: 100, longestMs: 2_000 } as const;

export interface NatsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** An open connection, which comes back by itself for as long as the process lives. */
export interface NatsLink {
  readonly library: NatsLibrary;
  readonly nats: NatsConnection;
  isUp(): boolean;
  close(): Promise<void>;
}

/** Connects, again and again until there is a server. @throws ABORTED when `signal` aborts first. */
export async function openNats(
  { hosts, login, usesTls }: NatsServers,
  name: string,
  deps: NatsDeps,
  signal: AbortSignal,
): Promise<NatsLink> {
  const library = await loadNats();
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const nats = await library.transport.connect({
        ...{ servers: [...hosts], ...login, ...(usesTls ? { tls: {} } : {}) },
        ...{ name, timeout: connectLimitMs, pingInterval: pingMs, maxPingOut: 2, noAsyncTraces: true },
        ...{ maxReconnectAttempts: -1, reconnectTimeWait: 250, ignoreAuthErrorAbort: true },
      });
      return linkOf(library, nats, deps);
    } catch (error) {
      if (failures % 15 === 0) deps.telemetry.event('nats_away', { error: messageOf(error) });
      await deps.clock.sleep(backOffMs(pauses, failures + 1, deps.random), signal);
    }
  }
  throw givenUp('connecting to NATS was given up');
}

function linkOf(library: NatsLibrary, nats: NatsConnection, deps: NatsDeps): NatsLink {
  let isUp = true;
  const watch = async () => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') {
        if (isUp) deps.telemetry.event('nats_away', { error: 'the connection is lost' });
        isUp = false;
      } else if (status.type === 'reconnect') {
        if (!isUp) deps.telemetry.event('nats_back');
        isUp = true;
      }
    }
  };
  void watch().catch(() => undefined);
  return { library, nats, isUp: () => isUp && !nats.isClosed(), close: () => nats.close() };
}
