import { freePort } from '../support/free-port.js';
import { type CleanUp, type PrivateServices, startPrivateServices } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Changes } from '../support/world.js';

/** The way from one engine to each server; what goes wrong on it concerns that engine alone, but for Kafka, whose address is one for all. */
export interface Ways {
  readonly kafka: TcpProxy;
  readonly zookeeper: TcpProxy;
  readonly mysql: TcpProxy;
}

/** Servers that a run may kill and freeze, and a proxy between them and each engine. */
export class ChaosServers {
  readonly own: PrivateServices;
  readonly #kafka: TcpProxy;
  readonly #ways = new Map<number, Ways>();

  private constructor(own: PrivateServices, kafka: TcpProxy) {
    this.own = own;
    this.#kafka = kafka;
  }

  static async start(test: CleanUp): Promise<ChaosServers> {
    const port = await freePort();
    const kafka = await TcpProxy.to(port);
    test.after(() => kafka.close());
    const own = await startPrivateServices(test, {
      kafkaSide: { port, advertisedPort: kafka.port },
      // Short ticks: a session ends within a quarter of a second of its time.
      zookeeperConfig: { tickTime: 250, minSessionTimeout: 500, maxSessionTimeout: 60_000 },
    });
    const servers = new ChaosServers(own, kafka);
    test.after(async () => {
      for (const { zookeeper, mysql } of servers.#ways.values()) await Promise.all([zookeeper.close(), mysql.close()]);
    });
    return servers;
  }

  async waysOf(seat: number): Promise<Ways> {
    const known = this.#ways.get(seat);
    if (known !== undefined) return known;
    const ways = {
      kafka: this.#kafka,
      zookeeper: await TcpProxy.to(Number(this.own.zookeeperUrl.split(':')[1])),
      mysql: await TcpProxy.to(this.own.mysql.port),
    };
    this.#ways.set(seat, ways);
    return ways;
  }

  /** Where an engine finds the servers: at the proxies. */
  async configurationOf(seat: number): Promise<Changes> {
    const { kafka, zookeeper, mysql } = await this.waysOf(seat);
    return {
      'kafka.url': `127.0.0.1:${kafka.port}`,
      'zookeeper.url': `127.0.0.1:${zookeeper.port}`,
      'mysql.host': '127.0.0.1',
      'mysql.port': mysql.port,
    };
  }
}
