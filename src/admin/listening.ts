import { once } from 'node:events';
import type { Server } from 'node:http';
import { EngineError, messageOf } from '../domain/errors.js';

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Cuts the connections that are open. */
  close(): Promise<void>;
}

/**
 * Puts a server on a port; 0 takes any free one.
 *
 * @throws LISTEN_FAILED, naming who cannot listen and what to do about it.
 */
export async function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  { who, advice }: { readonly who: string; readonly advice: string },
): Promise<Listening> {
  const listens = once(server, 'listening');
  server.listen({ host, port });
  try {
    await listens;
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const text = `${who} cannot listen on ${host} port ${port}: ${isTaken ? 'it is taken' : messageOf(error)}; ${advice}`;
    throw new EngineError('LISTEN_FAILED', text, { retriable: true, cause: error });
  }
  // One connection that cannot be accepted is no reason to end.
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
