import { givenUp } from '../../domain/errors.js';
import type { TopicPartition } from '../../domain/position.js';
import type { HeldLock, PartitionLine, PartitionLocks, Sharer, Sharing } from '../../ports/ownership.js';
import { InstanceNode } from './instance-node.js';
import { blockerOfPartitionLock } from './lock-modes.js';
import { HeldLockNode, type Identity, untilChanged } from './lock-node.js';
import { OwnLockNodes } from './own-lock-nodes.js';
import type { ZookeeperSession } from './session.js';
import type { SessionKeeper } from './session-keeper.js';
import { ZookeeperError } from './zookeeper-error.js';

const pauseMs = 200;

/**
 * The locks of single partitions, by the lines of lock nodes below `owners/<topic>/<partition>`, and who shares, by the names below `ids`.
 *
 * No lock is given while an engine of the other mode stands in the line for the topic lock, or one of 2014 holds its own: see there how the
 * two make way for each other. Nodes of ours that may be left from before are removed first.
 */
export class ZookeeperPartitionLocks implements PartitionLocks {
  readonly #keeper: SessionKeeper;
  readonly #identity: Identity;
  readonly #alarmTopic: string;
  readonly #nodes = new OwnLockNodes();
  readonly #node: InstanceNode;
  /** What nodes of a random name say does not change: read once. */
  readonly #sharers = new Map<string, Sharer>();
  readonly #owners = new Map<string, { readonly node: string; readonly instance: string }>();
  #onChange: () => void = () => undefined;
  /** One and the same function, because the client keeps each that it is given until there is a change. */
  readonly #changed = () => this.#onChange();
  #blockedBy: string | undefined;

  constructor(keeper: SessionKeeper, identity: Identity, alarmTopic: string) {
    this.#keeper = keeper;
    this.#identity = identity;
    this.#alarmTopic = alarmTopic;
    this.#node = new InstanceNode(keeper, identity);
  }

  async join(topics: readonly string[]): Promise<void> {
    await this.#node.announce({ lock: 'partition', topics });
  }

  async leave(): Promise<void> {
    await this.#node.withdraw();
  }

  async look(partitions: readonly TopicPartition[], onChange: () => void): Promise<Sharing> {
    this.#onChange = onChange;
    const session = this.#keeper.now();
    await this.#nodes.removeLeftovers(session);
    const sharers = await this.#lookAtSharers(session);
    const lines = await Promise.all(partitions.map((partition) => this.#lineOf(session, partition)));
    return { sharers, lines };
  }

  async acquire(partition: TopicPartition, signal: AbortSignal): Promise<HeldLock> {
    for (;;) {
      const session = await this.#keeper.current(signal);
      try {
        const held = await this.#acquireIn(session, partition, signal);
        if (held !== undefined) return held;
      } catch (error) {
        if (!(error instanceof ZookeeperError)) throw error;
        await this.#keeper.clock.sleep(pauseMs, signal);
      }
      if (signal.aborted)
        throw givenUp(`the wait for the lock of ${partition.topic}/${partition.partition} was given up`);
    }
  }

  /** Undefined when it gave way to an engine of the other mode. */
  async #acquireIn(
    session: ZookeeperSession,
    partition: TopicPartition,
    signal: AbortSignal,
  ): Promise<HeldLock | undefined> {
    await this.#nodes.removeLeftovers(session);
    await this.#untilUnblocked(session, signal);
    const node = this.#nodes.newNode(session, this.#keeper.paths.ownersOf(partition), this.#identity);
    try {
      const path = await node.untilFirst(signal, () => Promise.resolve());
      if ((await this.#blocker(session)) === undefined)
        return await HeldLockNode.hold(session, path, this.#keeper.telemetry, this.#nodes.onReleased(node));
    } catch (error) {
      await this.#nodes.abandon(node);
      throw error;
    }
    await this.#nodes.abandon(node);
    return undefined;
  }

  async #untilUnblocked(session: ZookeeperSession, signal: AbortSignal): Promise<void> {
    for (;;) {
      const blocker = await this.#blocker(session);
      if (blocker === undefined) break;
      // All partitions wait for the same one.
      if (blocker !== this.#blockedBy)
        this.#keeper.telemetry.event('lock_blocked', { topic: this.#alarmTopic, path: blocker });
      this.#blockedBy = blocker;
      await untilChanged(session, blocker, signal);
    }
    this.#blockedBy = undefined;
  }

  #blocker(session: ZookeeperSession): Promise<string | undefined> {
    return blockerOfPartitionLock(session, this.#keeper.paths, this.#alarmTopic);
  }

  async #lookAtSharers(session: ZookeeperSession): Promise<readonly Sharer[]> {
    const { paths } = this.#keeper;
    const names = await session.children(paths.instances, this.#changed);
    for (const known of this.#sharers.keys()) if (!names.includes(known)) this.#sharers.delete(known);
    const unknown = names.filter((name) => !this.#sharers.has(name));
    await Promise.all(
      unknown.map(async (instance) => {
        const topics = topicsOf(await session.read(paths.instance(instance)));
        if (topics !== undefined) this.#sharers.set(instance, { instance, topics });
      }),
    );
    return [...this.#sharers.values()];
  }

  async #lineOf(session: ZookeeperSession, partition: TopicPartition): Promise<PartitionLine> {
    const directory = this.#keeper.paths.ownersOf(partition);
    const line = await this.#nodes.line(session, directory);
    const waitingCount = Math.max(0, line.length - 1);
    return { partition, owner: await this.#ownerOf(session, directory, line[0]), waitingCount };
  }

  async #ownerOf(session: ZookeeperSession, directory: string, head: string | undefined): Promise<string | undefined> {
    if (head === undefined) return undefined;
    const known = this.#owners.get(directory);
    if (known?.node === head) return known.instance;
    const data = await session.read(`${directory}/${head}`);
    const instance = data === undefined ? undefined : instanceIn(data);
    if (instance !== undefined) this.#owners.set(directory, { node: head, instance });
    return instance;
  }
}

/** The name in a lock node; of one that is not ours, what there is. */
function instanceIn(data: Buffer): string {
  const text = data.toString('utf8').slice(0, 300);
  try {
    return String((JSON.parse(text) as Partial<Identity>).instance);
  } catch {
    return text;
  }
}

/** What an engine that shares says of itself; undefined for every other one. */
function topicsOf(data: Buffer | undefined): readonly string[] | undefined {
  try {
    const { lock, topics } = JSON.parse(data?.toString('utf8') ?? '') as Record<string, unknown>;
    return lock === 'partition' && Array.isArray(topics) ? topics.map(String) : undefined;
  } catch {
    return undefined;
  }
}
