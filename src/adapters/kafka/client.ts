import { ConfigurationError } from '../../domain/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { KafkaConnection, SaslLogin } from './connection-options.js';
import { loadLibrary } from './library.js';
import type { LibraryBroker, LibraryCall, LibraryConnectionPool } from './library-types.js';

/** Time limit for opening a connection. The library's own second is too short for TLS over a distance. */
export const CONNECT_LIMIT_MS = 5_000;

/** WARN of the library's levels: its debug texts are costly to make, even when nobody reads them. */
const LIBRARY_LOG_LEVEL = 2;

/** Makes broker connections; nothing is contacted until one of them is used. */
export interface KafkaClient {
  open(address: { readonly host: string; readonly port: number }): Promise<LibraryBroker>;
  /** The request in the newest version that both sides know. The broker must be connected. */
  call(broker: LibraryBroker, api: string, parameters: unknown): LibraryCall;
}

/**
 * Builds the client from its settings.
 *
 * The library's retries, its metadata cache and its pool of brokers are left out on purpose: one unknown topic or one leaderless partition
 * fails them for all. What it would log goes to debug: each failure is reported by the code that waits it out.
 *
 * @throws CONFIG_INVALID when the library is not the one we know.
 */
export function createClient(connection: KafkaConnection, requestLimitMs: number, telemetry: Telemetry): KafkaClient {
  const library = loadLibrary();
  const logger = library.createLogger({
    level: LIBRARY_LOG_LEVEL,
    logCreator: () => (entry) => telemetry.event('kafka_client_note', { note: entry.log.message }),
  });
  const pools = library.connectionPoolBuilder({
    logger,
    socketFactory: library.socketFactory(),
    brokers: connection.brokers,
    ssl: connection.ssl === true ? {} : connection.ssl || null,
    sasl: connection.sasl === undefined ? null : revealed(connection.sasl),
    clientId: connection.clientId,
    connectionTimeout: CONNECT_LIMIT_MS,
    requestTimeout: requestLimitMs,
    enforceRequestTimeout: true,
    maxInFlightRequests: null,
  });
  return {
    open: async (address) => {
      const connectionPool = await pools.build(address);
      calm(connectionPool);
      return new library.Broker({ connectionPool, logger, allowAutoTopicCreation: false });
    },
    call: (broker, api, parameters) => {
      const [apiKey, definition] = [library.apiKeys[api], library.requests[api]];
      if (apiKey === undefined || definition === undefined) {
        throw new ConfigurationError('CONFIG_INVALID', `the Kafka client library has no ${api} request`);
      }
      return broker.lookupRequest(apiKey, definition)(parameters);
    },
  };
}

/**
 * Stops a timer of the library that otherwise fires every millisecond, for ever, on each connection.
 *
 * After each answer it plans a look at the requests that wait for a throttle to end; without a throttle the time until then is negative,
 * and the look plans the next one. Here it plans only while something waits. Source: kafkajs issue 1751.
 */
function calm(connectionPool: LibraryConnectionPool): void {
  for (const { requestQueue } of connectionPool.pool) {
    const plan = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
    requestQueue.scheduleCheckPendingRequests = () => {
      if (requestQueue.pending.length > 0) plan();
    };
  }
}

function revealed(login: SaslLogin): { mechanism: string; username: string; password: string } {
  return { mechanism: login.mechanism, username: login.username, password: login.password.reveal() };
}
