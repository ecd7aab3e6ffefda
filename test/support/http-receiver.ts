import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface SeenRequest {
  /** Method, path and version. */
  readonly line: string;
  /** As they came, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What the receiver does once it has read a request. */
export type HttpReaction = (socket: Socket, request: SeenRequest) => void;

/** A complete answer with this status. */
export function answer(status: number, body = '', headers: readonly string[] = []): HttpReaction {
  return (socket) => {
    const lines = [`HTTP/1.1 ${status} Whatever`, `content-length: ${Buffer.byteLength(body)}`, ...headers];
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  };
}

/** A receiver of posts that shows what came, byte for byte, and can misbehave in every phase. */
export class HttpReceiver {
  readonly requests: SeenRequest[] = [];
  connectionCount = 0;
  /** False: connections are accepted and never read. */
  reads = true;
  react: HttpReaction = answer(200, 'ok');
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scheme: string;
  #closedBytes = 0;

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** One that takes connections as if it spoke TLS, and never says a word. */
  static async startMute(): Promise<HttpReceiver> {
    const receiver = await HttpReceiver.start(undefined, '127.0.0.1', 'https');
    receiver.reads = false;
    return receiver;
  }

  static async start(
    tls?: TlsOptions,
    host = '127.0.0.1',
    scheme = tls === undefined ? 'http' : 'https',
  ): Promise<HttpReceiver> {
    let receiver: HttpReceiver | undefined;
    const onSocket = (socket: Socket) => receiver?.serve(socket);
    const server = tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
    receiver = new HttpReceiver(server, scheme);
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return receiver;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  url(path = '/hook?x=1', host = '127.0.0.1'): string {
    return `${this.#scheme}://${host}:${this.port}${path}`;
  }

  get openCount(): number {
    return this.#sockets.size;
  }

  /** Bytes that were written to all connections, those included that are gone. */
  writtenBytes(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + socket.bytesWritten, this.#closedBytes);
  }

  /** Nothing more is read from the connections that there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  serve(socket: Socket): void {
    this.connectionCount += 1;
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#closedBytes += socket.bytesWritten;
    });
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      if (!this.reads) return;
      text += chunk.toString('latin1');
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const [line = '', ...rest] = text.slice(0, end).split('\r\n');
        const headers = rest.map((header) => {
          const colon = header.indexOf(':');
          return [header.slice(0, colon), header.slice(colon + 1).trim()] as const;
        });
        const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const body = Buffer.from(text.slice(end + 4, end + 4 + length), 'latin1').toString('utf8');
        text = text.slice(end + 4 + length);
        const request = { line, headers, body };
        this.requests.push(request);
        this.react(socket, request);
      }
    });
  }
}
