import { ZookeeperNodes } from '../support/zookeeper-nodes.js';
import { type Holding, nowMs, type SeenCommit } from './history.js';
import { HoldingLog } from './holding-log.js';

const lookEveryMs = 50;
const sequenceOf = (name: string) => Number(/-lock-(\d+)$/.exec(name)?.[1] ?? Number.NaN);

/** Reads who holds which lock, and what is committed, again and again, with a session of its own, past every proxy. */
export class LockWatch {
  readonly commits: SeenCommit[] = [];
  readonly #nodes: ZookeeperNodes;
  readonly #topic: string;
  readonly #owners: string;
  readonly #pids = new Map<string, number>();
  readonly #log = new HoldingLog();
  readonly #committed = new Map<number, bigint>();
  #isOver = false;
  readonly #ended: Promise<void>;

  constructor(zookeeperUrl: string, group: string, topic: string) {
    this.#nodes = new ZookeeperNodes(zookeeperUrl, group);
    this.#topic = topic;
    this.#owners = `/consumers/${group}/owners/${topic}`;
    this.#ended = this.#run();
  }

  get holdings(): readonly Holding[] {
    return this.#log.holdings;
  }

  /** Path of the node of whoever holds the lock of the topic, or of one of its partitions. */
  heldPath(): string | undefined {
    const [first] = this.#log.present;
    return first?.node;
  }

  /** Main processes that hold a lock now. */
  holders(): readonly number[] {
    return [...new Set(this.#log.present.map(({ holding }) => holding.engine))];
  }

  async remove(path: string): Promise<void> {
    await this.#nodes.remove(path);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
    await this.#nodes.close();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#look();
      } catch {
        // ZooKeeper is away at this moment; what happens meanwhile nobody can do either.
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async #look(): Promise<void> {
    const children = await this.#nodes.children(this.#owners);
    const partitions = children.filter((name) => /^\d+$/.test(name));
    await this.#note(this.#topic, this.#owners, children);
    for (const name of partitions) {
      const path = `${this.#owners}/${name}`;
      await this.#note(`${this.#topic}/${name}`, path, await this.#nodes.children(path));
    }
    for (const [partition, nextToRead] of await this.#nodes.committed(this.#topic)) {
      if (this.#committed.get(partition) === nextToRead) continue;
      this.#committed.set(partition, nextToRead);
      this.commits.push({ partition, nextToRead, atMs: nowMs() });
    }
  }

  async #note(lock: string, directory: string, children: readonly string[]): Promise<void> {
    const atMs = nowMs();
    const line = children.filter((name) => !Number.isNaN(sequenceOf(name)));
    const [head] = line.sort((a, b) => sequenceOf(a) - sequenceOf(b));
    const node = head === undefined ? undefined : `${directory}/${head}`;
    if (this.#log.isStill(lock, node, atMs)) return;
    const engine = node === undefined ? undefined : await this.#ownerOf(node);
    this.#log.changed(lock, node === undefined || engine === undefined ? undefined : { node, engine }, atMs);
  }

  async #ownerOf(node: string): Promise<number | undefined> {
    const known = this.#pids.get(node);
    if (known !== undefined) return known;
    const text = await this.#nodes.read(node);
    if (text === undefined) return undefined;
    const { pid } = JSON.parse(text) as { pid: number };
    this.#pids.set(node, pid);
    return pid;
  }
}
