import { SessionKeeper } from '../../src/adapters/zookeeper/session-keeper.js';
import { Secret } from '../../src/domain/secret.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

/** The nodes of one engine group, as an operator with `zkCli` sees and writes them. */
export class ZookeeperNodes {
  readonly #keeper: SessionKeeper;
  readonly #group: string;

  /** With `auth` (`user:password`) what is written belongs to that user alone. */
  constructor(url: string, group: string, auth?: string) {
    this.#group = group;
    this.#keeper = new SessionKeeper(
      {
        ...{ servers: url.split(','), sessionTimeoutMs: 10_000, group },
        ...(auth === undefined ? {} : { auth: new Secret(auth) }),
      },
      { clock: systemClock, random: systemRandom, telemetry: new RecordingTelemetry() },
    );
    this.#keeper.start();
  }

  offsetPath(topic: string, partition: number): string {
    return `/consumers/${this.#group}/offsets/${topic}/${partition}`;
  }

  async read(path: string): Promise<string | undefined> {
    const session = await this.#keeper.current(AbortSignal.timeout(20_000));
    return (await session.read(path))?.toString();
  }

  /** Creates the node, its parents first where they are missing, or overwrites it. */
  async write(path: string, text: string): Promise<void> {
    const session = await this.#keeper.current(AbortSignal.timeout(20_000));
    if ((await session.exists(path)) === undefined) await session.create(path, text, 'persistent');
    else await session.multi([{ kind: 'set', path, data: text }]);
  }

  async remove(path: string): Promise<void> {
    const session = await this.#keeper.current(AbortSignal.timeout(20_000));
    await session.remove(path);
  }

  async children(path: string): Promise<readonly string[]> {
    const session = await this.#keeper.current(AbortSignal.timeout(20_000));
    return await session.children(path);
  }

  /** Committed positions by partition, read as people read them: the first line of each node. */
  async committed(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const found = new Map<number, bigint>();
    for (const name of await this.children(`/consumers/${this.#group}/offsets/${topic}`)) {
      const text = await this.read(this.offsetPath(topic, Number(name)));
      if (text !== undefined) found.set(Number(name), BigInt(text.split('\n')[0] ?? ''));
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#keeper.close();
  }
}
