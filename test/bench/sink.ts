import { createServer } from 'node:http';

/**
 * A receiver that answers at once and counts. Asked by GET it tells how many posts came, how many ids, and how long each alarm took that
 * says in its message when it was written (`@<epoch ms>`).
 */
const ids = new Set<string>();
let count = 0;
const tookMs: number[] = [];
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ count, distinct: ids.size, tookMs }));
    return;
  }
  const arrivedAtMs = Date.now();
  if (request.url === '/timed') {
    request.setEncoding('utf8').on('data', (text: string) => {
      const [, writtenAtMs] = /@(\d{13})/.exec(text) ?? [];
      if (writtenAtMs !== undefined) tookMs.push(arrivedAtMs - Number(writtenAtMs));
    });
  } else request.resume();
  request.once('end', () => {
    count += 1;
    ids.add(String(request.headers['webhook-id'] ?? request.url));
    response.end('ok');
  });
});
server.keepAliveTimeout = 60_000;
// On all of 127.0.0.0/8, which is as many destinations as are wished for.
server.listen(0, '0.0.0.0', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
});
process.on('disconnect', () => process.exit(0));
