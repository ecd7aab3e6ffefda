import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Direction = 'toServer' | 'toClient';

/**
 * A TCP proxy on loopback whose connections can be spoiled while they live.
 *
 * `blackhole`: what arrives is swallowed, in both directions or one, and nothing is closed, as behind a dead network. `pause`: what arrives
 * waits and is passed on by `resume`. `cut`: all connections are reset. `refuse`: new ones are reset too, until `resume`. `cutAfterRequest`:
 * the next request reaches the server, its answer is dropped and the connection reset. `cutInsideAnswer`: the client gets the first bytes
 * of the next answer, then a reset. `swallowAfter`: the next request that matches reaches the server, and nothing that the client sends after
 * it. `delay`: what arrives is passed on later, in its order.
 */
export class TcpProxy {
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  readonly #swallowed = new Set<Direction>();
  #isPaused = false;
  #isRefusing = false;
  #cutMatching: ((request: Buffer) => boolean) | undefined;
  #lastMatching: ((request: Buffer) => boolean) | undefined;
  #passedBytes: number | undefined;
  #lateMs: () => number = () => 0;
  #acceptedCount = 0;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer({ pauseOnConnect: true }, (client) => this.#accept(client));
  }

  static async to(port: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host, port });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connectionCount(): number {
    return this.#pairs.size;
  }

  /** Connections that were ever made. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** `lateMs` is asked for each piece: 0 is at once. */
  delay(lateMs: () => number): void {
    this.#lateMs = lateMs;
  }

  blackhole(direction?: Direction): void {
    for (const each of direction === undefined ? (['toServer', 'toClient'] as const) : [direction]) {
      this.#swallowed.add(each);
    }
  }

  pause(): void {
    this.#isPaused = true;
    for (const pair of this.#pairs) for (const socket of [pair.client, pair.server]) socket.pause();
  }

  /** Everything as usual again; what was swallowed stays lost, so connections that lost something are cut. */
  resume(): void {
    if (this.#swallowed.size > 0) this.cut();
    this.#swallowed.clear();
    this.#isPaused = false;
    this.#isRefusing = false;
    for (const pair of this.#pairs) for (const socket of [pair.client, pair.server]) socket.resume();
  }

  cut(): void {
    for (const pair of [...this.#pairs]) this.#reset(pair);
  }

  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  cutAfterRequest(matching: (request: Buffer) => boolean): void {
    this.#cutMatching = matching;
  }

  swallowAfter(matching: (request: Buffer) => boolean): void {
    this.#lastMatching = matching;
  }

  cutInsideAnswer(passedBytes: number): void {
    this.#passedBytes = passedBytes;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    this.#acceptedCount += 1;
    const server = connect(this.#target);
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#join(pair, client, server, 'toServer');
    this.#join(pair, server, client, 'toClient');
    if (!this.#isPaused) client.resume();
  }

  #join(pair: { client: Socket; server: Socket }, from: Socket, to: Socket, direction: Direction): void {
    const later = this.#inOrder();
    from.on('data', (bytes) => {
      if (this.#swallowed.has(direction)) return;
      if (direction === 'toServer' && this.#cutMatching?.(bytes)) {
        this.#cutMatching = undefined;
        pair.server.removeAllListeners('data');
        pair.server.once('data', () => this.#reset(pair));
      }
      if (direction === 'toServer' && this.#lastMatching?.(bytes)) {
        this.#lastMatching = undefined;
        this.#swallowed.add(direction);
      }
      if (direction === 'toClient' && this.#passedBytes !== undefined) {
        const passed = bytes.subarray(0, this.#passedBytes);
        this.#passedBytes = undefined;
        // The reset must not overtake the bytes.
        to.write(passed, () => setImmediate(() => pair.client.destroy()));
        pair.server.resetAndDestroy();
        return;
      }
      later(() => to.write(bytes));
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      // Behind a dead network nobody learns that the other side is gone: it stays until it goes by itself, or until `resume` or `close`.
      if (this.#swallowed.has(direction) && !to.destroyed) return;
      this.#pairs.delete(pair);
      later(() => to.destroy());
    });
  }

  /** What is handed to it happens after its delay, and never before what was handed to it earlier. */
  #inOrder(): (act: () => void) => void {
    const waiting: (() => void)[] = [];
    let dueAtMs = 0;
    return (act) => {
      const nowMs = performance.now();
      dueAtMs = Math.max(dueAtMs, nowMs + this.#lateMs());
      if (waiting.length === 0 && dueAtMs <= nowMs) {
        act();
        return;
      }
      waiting.push(act);
      setTimeout(() => waiting.shift()?.(), dueAtMs - nowMs);
    };
  }

  #reset(pair: { client: Socket; server: Socket }): void {
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }
}
