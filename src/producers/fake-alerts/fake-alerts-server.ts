import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { EngineError, messageOf } from '../../domain/errors.js';
import type { Clock } from '../../ports/system.js';
import type { FakeAlerts } from './fake-alerts.js';

const maxBodyBytes = 1024 * 1024;

/** Puts a fake alerts server on a port of the loopback address; 0 takes any free one. @throws LISTEN_FAILED */
export async function startFakeAlertsServer(
  fake: FakeAlerts,
  port: number,
  clock: Clock,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void serve(fake, request, response, clock);
  });
  const listening = once(server, 'listening');
  server.listen({ host: '127.0.0.1', port });
  try {
    await listening;
  } catch (error) {
    const text = `the fake alerts server cannot listen on port ${port}: ${messageOf(error)}; see --port`;
    throw new EngineError('LISTEN_FAILED', text, { retriable: true, cause: error });
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  fake: FakeAlerts,
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
): Promise<void> {
  let body = '';
  try {
    request.setEncoding('utf8');
    for await (const chunk of request) {
      body += String(chunk);
      if (body.length > maxBodyBytes) return void request.destroy();
    }
  } catch {
    return;
  }
  const answer = fake.answer(request.method ?? 'GET', request.url ?? '/', body);
  if (answer.hangs) return;
  if (answer.delayMs > 0) await clock.sleep(answer.delayMs);
  // Whoever has gone was not told anything.
  if (response.destroyed) return;
  answer.done();
  const length = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Content-Length': length });
  response.end(answer.body);
}
