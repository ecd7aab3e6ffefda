import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { type CatcherCommand, runAsProcess } from './catcher-process.js';
import type { Certificate } from './certificate.js';
import { ReceiptLedger } from './receipt-ledger.js';

export interface CaughtRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  readonly receivedAtMs: number;
  /** What it is answered, also where the answer never arrives; undefined: nothing. */
  readonly status: number | undefined;
}

/** How a request is answered; an empty one is 200 at once. */
export interface HttpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** `hang`: never; `reset`: the connection is cut; `endless`: status and headers, then a body that does not end. */
  readonly instead?: 'hang' | 'reset' | 'endless';
}

export interface HttpCatcherOptions {
  /** 0 or absent: the system chooses. */
  readonly port?: number;
  /** A receipt is written before the request is answered. */
  readonly ledger?: ReceiptLedger;
  /** Listens with TLS. */
  readonly certificate?: Certificate;
  /** Whether requests are kept in `requests` (default) or only counted. */
  readonly isKeeping?: boolean;
}

const chunkOfEndlessBody = Buffer.alloc(65_536, 'x');

/** A webhook receiver on 127.0.0.1 that takes everything, remembers it, and answers as it was told. */
export class HttpCatcher {
  readonly requests: CaughtRequest[] = [];
  readonly #server: Server & { closeAllConnections(): void };
  readonly #options: HttpCatcherOptions;
  readonly #answers = new Map<string, readonly HttpAnswer[]>();
  #count = 0;

  private constructor(options: HttpCatcherOptions) {
    this.#options = options;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#take(request, response).catch(() => response.destroy());
    };
    const { certificate } = options;
    this.#server = certificate === undefined ? createServer(onRequest) : createTlsServer({ ...certificate }, onRequest);
  }

  static async start(options: HttpCatcherOptions = {}): Promise<HttpCatcher> {
    const catcher = new HttpCatcher(options);
    await new Promise<void>((resolve, reject) => {
      catcher.#server.once('error', reject);
      catcher.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return catcher;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Base address, without a slash at the end. */
  get url(): string {
    return `${this.#options.certificate === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** How many requests came, kept or not. */
  get requestCount(): number {
    return this.#count;
  }

  /** Sets the answers for a path (without query; `*` for all others): one after the other, the last one from then on. */
  answer(path: string, ...answers: readonly HttpAnswer[]): void {
    this.#answers.set(path, answers);
  }

  /** Closes the port and cuts every connection, hanging ones too. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    const body = Buffer.concat(chunks).toString();
    const answer = this.#nextAnswer(path.split('?')[0] ?? '');
    const status = answer.instead === undefined ? (answer.status ?? 200) : undefined;
    const caught = { method, path, headers, body, receivedAtMs: Date.now(), status };
    this.#count += 1;
    if (this.#options.isKeeping !== false) this.requests.push(caught);
    await this.#options.ledger?.append({ ...caught, status: answer.instead ?? answer.status ?? 200 });
    await this.#reply(answer, response);
  }

  #nextAnswer(path: string): HttpAnswer {
    const key = this.#answers.has(path) ? path : '*';
    const [first, ...rest] = this.#answers.get(key) ?? [];
    if (rest.length > 0) this.#answers.set(key, rest);
    return first ?? {};
  }

  async #reply(answer: HttpAnswer, response: ServerResponse): Promise<void> {
    const { status = 200, headers = {}, body = '', delayMs = 0, instead } = answer;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (instead === 'hang') return;
    if (instead === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    response.writeHead(status, headers);
    if (instead !== 'endless') {
      response.end(body);
      return;
    }
    const pour = (): void => {
      while (!response.destroyed && response.write(chunkOfEndlessBody));
    };
    response.on('drain', pour);
    pour();
  }
}

async function startFromCommand({ port, ledger, fsync, answers }: CatcherCommand): Promise<HttpCatcher> {
  const receipts = ledger === undefined ? {} : { ledger: await ReceiptLedger.open(ledger, { fsync }) };
  const catcher = await HttpCatcher.start({ port, isKeeping: false, ...receipts });
  for (const [path, list] of Object.entries(answers as Record<string, HttpAnswer[]>)) catcher.answer(path, ...list);
  return catcher;
}

await runAsProcess(import.meta.url, startFromCommand);
