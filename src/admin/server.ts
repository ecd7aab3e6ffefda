import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { EngineView } from './engine-view.js';
import { createModestServer, listening } from './listening.js';
import { statusPage, statusPageHeaders } from './status-page.js';

export interface AdminOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly view: EngineView;
  readonly telemetry: Telemetry;
  /** What sets the port, for those who cannot have it. */
  readonly settings?: string;
}

export interface AdminServer {
  readonly port: number;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const longestUrlCharacters = 1024;

/**
 * Answers `/health`, `/ready`, `/metrics` and `/status` over HTTP: GET and HEAD, nothing that changes anything, no body read.
 *
 * @throws LISTEN_FAILED when the port cannot be had; names port and key.
 */
export async function startAdmin({
  host,
  port,
  view,
  telemetry,
  settings = 'admin.host and admin.port',
}: AdminOptions): Promise<AdminServer> {
  const server = createModestServer((request, response) => void serve(view, request, response));
  const listens = await listening(
    server,
    { host, port },
    { who: 'the admin endpoint', advice: `see what else runs there, or set ${settings}` },
  );
  telemetry.event('admin_listening', { host, port: listens.port });
  return listens;
}

async function serve(view: EngineView, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerTo(view, request).catch(() => json(500, { error: 'the answer could not be made' }));
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    'Content-Length': Buffer.byteLength(answer.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function answerTo(view: EngineView, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return json(405, { error: 'only GET and HEAD' }, { Allow: 'GET, HEAD' });
  }
  const url = request.url ?? '/';
  if (url.length > longestUrlCharacters) return json(414, { error: 'the URL is too long' });
  switch (url.split('?', 1)[0]) {
    case '/health':
    case '/-/healthy':
      return health(view);
    case '/ready':
    case '/-/ready':
      return ready(view);
    case '/metrics':
      return { status: 200, headers: { 'Content-Type': metricsType }, body: await view.metricsText() };
    case '/status.json':
      return json(200, view.status());
    case '/status':
      return wantsJson(request) ? json(200, view.status(), vary) : page(view);
    case '/':
      return { status: 302, headers: { Location: '/status' }, body: '' };
    default:
      return json(404, { error: 'try /health, /ready, /metrics, /status or /status.json' });
  }
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
const vary = { Vary: 'Accept' } as const;

function health(view: EngineView): Answer {
  const { ok, reasons } = view.health();
  return json(ok ? 200 : 503, { ok, reasons });
}

function ready(view: EngineView): Answer {
  const { ready: isReady, reasons, notes } = view.ready();
  return json(isReady ? 200 : 503, { ready: isReady, role: view.status().role, reasons, notes });
}

function page(view: EngineView): Answer {
  return {
    status: 200,
    headers: { ...statusPageHeaders, ...vary },
    body: statusPage(view.status(), view.ready().notes),
  };
}

function json(status: number, document: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: `${JSON.stringify(document)}\n`,
  };
}

/** JSON for whoever names it and prefers it to text/html, or names it first; the page for all others. Source: RFC 9110 12.5.1. */
function wantsJson(request: IncomingMessage): boolean {
  let best = { type: 'text/html', quality: 0 };
  for (const range of (request.headers.accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    const isOurs = type === 'application/json' || type === 'text/html';
    if (isOurs && quality > best.quality) best = { type, quality };
  }
  return best.type === 'application/json';
}
