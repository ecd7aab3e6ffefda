import type { ServerResponse } from 'node:http';
import { createModestServer, type Listening, listening } from '../admin/listening.js';
import type { ListenAddress } from '../domain/listen-address.js';

/** What a producer shows of itself. */
export interface ProducerView {
  /** One scrape in the Prometheus text format. */
  metricsText(): string;
  /** Why it cannot do its work now; empty when it can. */
  notReady(): readonly string[];
}

/**
 * Answers `/metrics`, `/health` (always 200: it answers) and `/ready` to GET and HEAD.
 *
 * @throws LISTEN_FAILED when the port cannot be had.
 */
export async function startMetricsServer({ host, port }: ListenAddress, view: ProducerView): Promise<Listening> {
  const server = createModestServer((request, response) => {
    const isHead = request.method === 'HEAD';
    if (isHead || request.method === 'GET') answer(view, (request.url ?? '/').split('?', 1)[0] ?? '', response, isHead);
    else write(response, 405, 'only GET and HEAD\n', false, { Allow: 'GET, HEAD' });
  });
  const words = { who: 'the server of metrics', advice: 'see --metrics-listen' };
  return await listening(server, { host, port }, words);
}

function answer(view: ProducerView, path: string, response: ServerResponse, isHead: boolean): void {
  const reasons = view.notReady();
  switch (path) {
    case '/metrics':
      write(response, 200, view.metricsText(), isHead, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
      return;
    case '/health':
    case '/-/healthy':
      write(response, 200, 'ok\n', isHead);
      return;
    case '/ready':
    case '/-/ready':
      write(response, reasons.length === 0 ? 200 : 503, `${reasons.join('\n') || 'ready'}\n`, isHead);
      return;
    default:
      write(response, 404, 'try /metrics, /health or /ready\n', isHead);
  }
}

function write(
  response: ServerResponse,
  status: number,
  body: string,
  isHead: boolean,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': length, ...headers });
  response.end(isHead ? undefined : body);
}
