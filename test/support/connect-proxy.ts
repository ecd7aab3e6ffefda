import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

/** An HTTP proxy on loopback that tunnels whatever it is asked for, and remembers for what. */
export class ConnectProxy {
  readonly asked: string[] = [];
  /** `Proxy-Authorization` as it came. */
  readonly logins: (string | undefined)[] = [];
  readonly #server = createServer((_request, response) => response.writeHead(501).end());
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server.on('connection', (socket) => this.#keep(socket));
    this.#server.on('connect', (request, client: Socket) => {
      const [host = '', port = ''] = (request.url ?? '').split(':');
      this.asked.push(request.url ?? '');
      this.logins.push(request.headers['proxy-authorization']);
      const target = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(client).pipe(target);
      });
      this.#keep(target);
      target.on('error', () => client.destroy());
    });
  }

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
  }
}
