import { createServer, type Server, type Socket } from 'node:net';
import type { CleanUp } from './services.js';

/** A port that takes connections, counts them, and never says a word. */
export class CountingPort {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #count = 0;

  private constructor() {
    this.#server = createServer((socket) => {
      this.#count += 1;
      this.#sockets.add(socket.on('error', () => undefined));
    });
  }

  static async open(test: CleanUp): Promise<CountingPort> {
    const port = new CountingPort();
    await new Promise<void>((resolve) => port.#server.listen(0, '127.0.0.1', resolve));
    test.after(() => port.close());
    return port;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get connectionCount(): number {
    return this.#count;
  }

  /** From then on nobody listens there. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
