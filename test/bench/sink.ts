import { createServer } from 'node:http';

/** A receiver that answers at once and counts; asked by GET it tells how many posts came, how many ids, and when first and last. */
const ids = new Set<string>();
let count = 0;
let firstAtMs = 0;
let lastAtMs = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ count, distinct: ids.size, firstAtMs, lastAtMs }));
    return;
  }
  request.resume();
  request.once('end', () => {
    count += 1;
    lastAtMs = Date.now();
    if (firstAtMs === 0) firstAtMs = lastAtMs;
    ids.add(String(request.headers['webhook-id'] ?? request.url));
    response.end('ok');
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
});
process.on('disconnect', () => process.exit(0));
