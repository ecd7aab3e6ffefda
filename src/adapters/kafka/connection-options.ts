import type { ConnectionOptions } from 'node:tls';
import { ConfigurationError } from '../../domain/errors.js';
import type { NonEmpty } from '../../domain/position.js';
import type { Secret } from '../../domain/secret.js';

/** How to reach Kafka and as whom. `brokers` are `host:port` or `[v6 address]:port`; `ssl` true means TLS with the host's authorities. */
export interface KafkaConnection {
  readonly brokers: NonEmpty<string>;
  readonly clientId: string;
  readonly ssl: boolean | ConnectionOptions | undefined;
  readonly sasl: SaslLogin | undefined;
}

export interface SaslLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: Secret;
}

/**
 * Splits `host:port`; the port may be left out and is then 9092.
 *
 * @throws CONFIG_INVALID, naming the text.
 */
export function parseBrokerAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? 9092);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ConfigurationError('CONFIG_INVALID', `Kafka broker: expected host:port, got ${JSON.stringify(text)}`);
  }
  return { host, port };
}
