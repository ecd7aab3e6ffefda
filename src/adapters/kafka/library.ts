import { createRequire } from 'node:module';
import { ConfigurationError } from '../../domain/errors.js';
import { registerCodecs } from './codecs.js';
import type {
  ConnectionPoolBuilder,
  Exchanges,
  LibraryBroker,
  LibraryBrokerOptions,
  LibraryLogger,
  PoolOptions,
  RequestDefinition,
} from './library-types.js';

/** The one version whose insides we know; `check` compares it with what is installed. */
const KNOWN_VERSION = '2.2.4';

/** What we use of kafkajs: connections, authentication, encoding and decoding; none of its consumers, producers or retries. */
export interface KafkaLibrary {
  readonly createLogger: (options: {
    level: number;
    logCreator: (level: number) => (entry: { log: { message: string } }) => void;
  }) => LibraryLogger;
  readonly socketFactory: () => unknown;
  readonly connectionPoolBuilder: (options: PoolOptions) => ConnectionPoolBuilder;
  readonly Broker: new (options: LibraryBrokerOptions) => LibraryBroker;
  readonly requests: Readonly<Record<string, RequestDefinition>>;
  readonly apiKeys: Readonly<Record<string, number>>;
}

const needed = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'GroupCoordinator',
  'CreateTopics',
  'DescribeConfigs',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
] satisfies (keyof Exchanges)[];

/**
 * Loads the inner parts of kafkajs that the adapters stand on, and checks that they are what we know.
 *
 * @throws CONFIG_INVALID when another version is installed, or a part has another shape.
 */
export function loadLibrary(): KafkaLibrary {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== KNOWN_VERSION) throw unusable(`found version ${version}`);
  registerCodecs();
  const library = loadParts(require);
  for (const part of ['createLogger', 'socketFactory', 'connectionPoolBuilder', 'Broker'] as const) {
    if (typeof library[part] !== 'function') throw unusable(`its ${part} is not a function`);
  }
  for (const api of needed) {
    const definition = library.requests[api];
    if (typeof definition?.protocol !== 'function' || typeof library.apiKeys[api] !== 'number') {
      throw unusable(`it has no ${api} request`);
    }
  }
  return library;
}

function loadParts(require: NodeJS.Require): KafkaLibrary {
  try {
    return {
      createLogger: require('kafkajs/src/loggers').createLogger,
      socketFactory: require('kafkajs/src/network/socketFactory'),
      connectionPoolBuilder: require('kafkajs/src/cluster/connectionPoolBuilder'),
      Broker: require('kafkajs/src/broker'),
      requests: require('kafkajs/src/protocol/requests').requests,
      apiKeys: require('kafkajs/src/protocol/requests/apiKeys'),
    };
  } catch (cause) {
    throw unusable('a part of it cannot be loaded', cause);
  }
}

function unusable(why: string, cause?: unknown): ConfigurationError {
  const text = `the Kafka client library must be kafkajs ${KNOWN_VERSION}: ${why}; install with npm ci`;
  return new ConfigurationError('CONFIG_INVALID', text, cause);
}
