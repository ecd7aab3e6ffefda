import { type PrivateServices, startPrivateServices } from './services.js';

/** A ZooKeeper server of a test's own, which it may kill, freeze and start again on the same data and port. */
export class ZookeeperServer {
  readonly #services: PrivateServices;

  private constructor(services: PrivateServices) {
    this.#services = services;
  }

  /** Short ticks: sessions end at the next one, and may be as short as half a second. */
  static async start(): Promise<ZookeeperServer> {
    const zookeeperConfig = { tickTime: 250, minSessionTimeout: 500, maxSessionTimeout: 60_000 };
    const stopped = { after: () => undefined };
    return new ZookeeperServer(await startPrivateServices(stopped, { only: ['zookeeper'], zookeeperConfig }));
  }

  /** `host:port` */
  get address(): string {
    return this.#services.zookeeperUrl;
  }

  get port(): number {
    return Number(this.address.split(':')[1]);
  }

  freeze(): void {
    this.#services.pause('zookeeper');
  }

  thaw(): void {
    this.#services.resume('zookeeper');
  }

  async kill(): Promise<void> {
    await this.#services.kill('zookeeper');
  }

  async restart(): Promise<void> {
    await this.#services.restart('zookeeper');
  }

  async stop(): Promise<void> {
    await this.#services.stop();
  }
}
