import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Secret } from '../../domain/secret.js';
import type { Clock } from '../../ports/system.js';
import type { ApiCall, ApiReply, ApiTransport } from './alerts-client.js';

/** Where the alerts server is, as `parseServerUrl` reads it. */
export interface ServerUrl {
  /** Without user and password: for people, and to tell servers apart. */
  readonly text: string;
  readonly url: URL;
  /** Value of the `authorization` header, where the address holds user and password. */
  readonly login: Secret | undefined;
}

/**
 * Reads the address of an alerts server; one without a scheme is `http`, an empty one the default.
 *
 * Undefined for another scheme, or with a query or fragment.
 */
export function parseServerUrl(text: string): ServerUrl | undefined {
  const full = text === '' ? 'http://127.0.0.1:9001' : /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.hostname === '') return undefined;
  url.pathname = url.pathname.replace(/\/+$/, '');
  const plain = `${url.protocol}//${url.host}${url.pathname.replace(/^\/$/, '')}`;
  if (url.username === '' && url.password === '') return { text: plain, url, login: undefined };
  try {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return { text: plain, url, login: new Secret(`Basic ${Buffer.from(login).toString('base64')}`) };
  } catch {
    return undefined;
  }
}

/**
 * Requests over HTTP. Questions share connections that stay open; what is told gets a connection of its own, so that one which was never
 * opened, or was refused, certainly told nothing.
 */
export class HttpTransport {
  readonly #clock: Clock;
  readonly #request: typeof httpRequest;
  readonly #host: string;
  readonly #port: string;
  readonly #pathBefore: string;
  readonly #shared: HttpAgent;
  readonly #single: HttpAgent;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(server: ServerUrl, clock: Clock) {
    this.#clock = clock;
    const { protocol, hostname, port, pathname } = server.url;
    this.#host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#port = port;
    this.#pathBefore = pathname.replace(/^\/$/, '');
    const isTls = protocol === 'https:';
    const Agent = isTls ? HttpsAgent : HttpAgent;
    this.#shared = new Agent({ keepAlive: true, maxFreeSockets: 256 });
    this.#single = new Agent({ keepAlive: false });
    this.#request = isTls ? httpsRequest : httpRequest;
    const login = server.login === undefined ? {} : { authorization: server.login.reveal() };
    this.#headers = { 'content-type': 'application/json', ...login };
  }

  readonly call: ApiTransport = async (call, timeoutMs, signal) => {
    const limit = this.#clock.limit(timeoutMs, signal);
    try {
      const reply = await this.#once(call, limit.signal);
      if (reply === 'stale connection') return (await this.#once(call, limit.signal, true)) as ApiReply;
      if (reply.kind === 'broken' && limit.expired)
        return { kind: 'timeout', cause: `no answer within ${timeoutMs} ms` };
      if (reply.kind === 'not_sent' && limit.expired)
        return { kind: 'not_connected', cause: `no connection within ${timeoutMs} ms` };
      return reply;
    } finally {
      limit.clear();
    }
  };

  close(): void {
    this.#shared.destroy();
    this.#single.destroy();
  }

  /** A question on a connection that the server has closed meanwhile is no failure of either: it is put again on a new one. */
  #once(call: ApiCall, signal: AbortSignal, isAnew = false): Promise<ApiReply | 'stale connection'> {
    return new Promise((resolve) => {
      const isQuestion = call.method === 'GET';
      const request = this.#open(call, isQuestion && !isAnew);
      let isConnected = false;
      const end = () => request.destroy(new Error('given up'));
      const settle = (reply: ApiReply | 'stale connection') => {
        signal.removeEventListener('abort', end);
        resolve(reply);
      };
      request.on('socket', (socket) => {
        if (request.reusedSocket || !socket.connecting) isConnected = true;
        else socket.once('connect', () => (isConnected = true));
      });
      let isAnswered = false;
      request.on('response', (response) => {
        isAnswered = true;
        read(response, call, settle);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && isQuestion && !signal.aborted && error.code === 'ECONNRESET';
        if (isStale) return settle('stale connection');
        settle({ kind: isConnected ? 'broken' : 'not_sent', cause: error.code ?? error.message });
      });
      request.on('close', () => {
        if (!isAnswered) settle({ kind: 'broken', cause: 'the connection was closed' });
      });
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
      request.end(call.body);
    });
  }

  #open({ method, path, body }: ApiCall, isShared: boolean): ClientRequest {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return this.#request({
      host: this.#host,
      port: this.#port,
      method,
      path: `${this.#pathBefore}${path}`,
      headers: { ...this.#headers, ...length },
      agent: isShared ? this.#shared : this.#single,
    });
  }
}

/** Reads an answer up to its limit. Of what was told the status alone decides, however its body ends. */
function read(response: IncomingMessage, { method, maxBytes }: ApiCall, settle: (reply: ApiReply) => void): void {
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const broken = (cause: string) =>
    settle(method === 'POST' ? { kind: 'answer', status, body: '' } : { kind: 'broken', cause });
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (method === 'GET') chunks.push(chunk);
    if (bytes <= maxBytes) return;
    broken(`the answer has more than ${maxBytes} bytes`);
    response.destroy();
  });
  response.on('end', () => settle({ kind: 'answer', status, body: Buffer.concat(chunks).toString('utf8') }));
  response.on('error', () => broken('the answer broke off'));
  response.on('close', () => broken('the answer broke off'));
}
