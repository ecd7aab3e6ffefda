import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Listening, listening } from '../../admin/listening.js';
import type { Clock } from '../../ports/system.js';
import type { FakeAlerts } from './fake-alerts.js';

const maxBodyBytes = 1024 * 1024;

/** Puts a fake alerts server on a port of the loopback address; 0 takes any free one. @throws LISTEN_FAILED */
export async function startFakeAlertsServer(fake: FakeAlerts, port: number, clock: Clock): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void serve(fake, request, response, clock);
  });
  const words = { who: 'the fake alerts server', advice: 'see --port' };
  return await listening(server, { host: '127.0.0.1', port }, words);
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
