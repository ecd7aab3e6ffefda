import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { EngineError, messageOf } from '../domain/errors.js';

const limits = { headerBytes: 8192, connectionCount: 64, requestMs: 5000, idleMs: 5000 } as const;

/**
 * A server that anybody may ask and nobody can hold up: one request a connection, and never more than 64 answers at a time.
 *
 * A connection ends with its answer. One that asks again before that is cut, since Node would make all the answers and keep what is not
 * read; so is one on which nothing moves for 5 s (10 s within an answer), and the oldest when there are too many.
 */
export function createModestServer(answer: RequestListener): Server {
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.requestMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.requestMs / 5,
  });
  server.timeout = limits.idleMs;
  const open = new Set<Socket>();
  const asked = new WeakSet<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // Whoever comes and reads is gone at once, so the oldest is most likely stuck.
    const [oldest] = open;
    if (open.size > limits.connectionCount) oldest?.destroy();
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    if (asked.has(socket)) {
      socket.destroy();
      return;
    }
    asked.add(socket);
    response.setHeader('Connection', 'close');
    answer(request, response);
  });
  return server;
}

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
