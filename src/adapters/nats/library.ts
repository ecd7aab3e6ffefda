import type * as JetStreamLibrary from '@nats-io/jetstream';
import type * as KvLibrary from '@nats-io/kv';
import type * as TransportLibrary from '@nats-io/transport-node';
import { ConfigurationError, EngineError, messageOf } from '../../domain/errors.js';

/** The client of NATS, in its three packages. */
export interface NatsLibrary {
  readonly transport: typeof TransportLibrary;
  readonly jetstream: typeof JetStreamLibrary;
  readonly kv: typeof KvLibrary;
}

/** Loads the client. It is optional: an engine without NATS runs without it. @throws CONFIG_INVALID when it is not installed. */
export async function loadNats(): Promise<NatsLibrary> {
  try {
    const [transport, jetstream, kv] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
      import('@nats-io/kv'),
    ]);
    return { transport, jetstream, kv };
  } catch (cause) {
    const text =
      'the client of NATS is not installed: install @nats-io/transport-node, @nats-io/jetstream and @nats-io/kv';
    throw new ConfigurationError('CONFIG_INVALID', text, cause);
  }
}

/** A failure of NATS that may pass. */
export function natsFailure(error: unknown, attempted: string): EngineError {
  if (error instanceof EngineError) return error;
  const text = `NATS: ${attempted}: ${messageOf(error)}; see the server and digest --nats`;
  return new EngineError('STORE_UNAVAILABLE', text, { retriable: true, cause: error });
}

/** Wrong last sequence: somebody else has written the key. */
export function isWrongRevision(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 10_071 || error.code === 10_164);
}
