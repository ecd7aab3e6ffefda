import { EngineError } from '../../domain/errors.js';
import type { HeldLock, LeaderLock } from '../../ports/ownership.js';
import { HeldLockNode, type Identity, LockNode, untilChanged } from './lock-node.js';
import { inLockOrder, isPartitionName } from './paths.js';
import type { ZookeeperSession } from './session.js';
import { aborted, type SessionKeeper } from './session-keeper.js';
import { ZookeeperError } from './zookeeper-error.js';

const pauseMs = 200;

/**
 * One active engine per topic, by the line of lock nodes below `owners/<topic>`.
 *
 * Waits also while a partition lock of that topic is held, which is an engine of the other mode, and while a 2014 engine holds its own lock:
 * the two do not see each other's. Nodes that an ended session of ours may have left are removed first, so that nobody waits for them to
 * expire; a lock whose session is over is never taken up again.
 */
export class ZookeeperLeaderLock implements LeaderLock {
  readonly #keeper: SessionKeeper;
  readonly #identity: Identity;
  /** Nodes that may still be there. */
  readonly #made = new Set<LockNode>();

  constructor(keeper: SessionKeeper, identity: Identity) {
    this.#keeper = keeper;
    this.#identity = identity;
  }

  async acquire(topic: string, signal: AbortSignal): Promise<HeldLock> {
    for (;;) {
      const session = await this.#keeper.current(signal);
      try {
        return await this.#acquireIn(session, topic, signal);
      } catch (error) {
        if (!(error instanceof ZookeeperError)) throw error;
        await this.#keeper.clock.sleep(pauseMs, signal);
        if (signal.aborted) throw aborted(`the wait for the lock of ${topic}`);
      }
    }
  }

  /** What the node at the head of the line says of its holder, for people; undefined when the lock is free. */
  async holder(topic: string): Promise<string | undefined> {
    const session = this.#keeper.now();
    const directory = this.#keeper.paths.owners(topic);
    const [head] = inLockOrder(await session.children(directory));
    return head === undefined
      ? undefined
      : (await session.read(`${directory}/${head}`))?.toString('utf8').slice(0, 300);
  }

  async #acquireIn(session: ZookeeperSession, topic: string, signal: AbortSignal): Promise<HeldLock> {
    await this.#removeLeftovers(session);
    await this.#untilUnblocked(session, topic, signal);
    const node = new LockNode(session, this.#keeper.paths.owners(topic), this.#identity);
    this.#made.add(node);
    try {
      let isTold = false;
      const path = await node.untilFirst(signal, async (headPath) => {
        if (!isTold) await this.#tellWaiting(session, topic, headPath);
        isTold = true;
      });
      // A partition lock may have been taken meanwhile; its engine gives way to our node and takes no further one.
      await this.#untilUnblocked(session, topic, signal);
      const held = await HeldLockNode.hold(session, path, this.#keeper.telemetry, () => this.#made.delete(node));
      this.#keeper.telemetry.event('lock_taken', { topic, lock: path, epoch: held.fence.epoch.toString() });
      return held;
    } catch (error) {
      await this.#abandon(node);
      throw error;
    }
  }

  async #abandon(node: LockNode): Promise<void> {
    try {
      await node.remove(node.session);
      this.#made.delete(node);
    } catch (error) {
      // It stays on the list, or ends with its session.
      if (!(error instanceof EngineError)) throw error;
    }
  }

  async #removeLeftovers(session: ZookeeperSession): Promise<void> {
    for (const node of this.#made) {
      if (node.session === session) continue;
      await node.remove(session);
      this.#made.delete(node);
    }
  }

  async #tellWaiting(session: ZookeeperSession, topic: string, headPath: string): Promise<void> {
    const holder = (await session.read(headPath))?.toString('utf8').slice(0, 300);
    this.#keeper.telemetry.event('lock_waiting', { topic, lock: headPath, holder });
  }

  async #untilUnblocked(session: ZookeeperSession, topic: string, signal: AbortSignal): Promise<void> {
    let told: string | undefined;
    for (;;) {
      const blocker = await this.#blocker(session, topic);
      if (blocker === undefined) return;
      if (blocker !== told) this.#keeper.telemetry.event('lock_blocked', { topic, path: blocker });
      told = blocker;
      await untilChanged(session, blocker, signal);
    }
  }

  async #blocker(session: ZookeeperSession, topic: string): Promise<string | undefined> {
    const { paths } = this.#keeper;
    for (const path of paths.ancestorLocks(topic)) if ((await session.exists(path)) !== undefined) return path;
    for (const name of await session.children(paths.owners(topic))) {
      if (!isPartitionName(name)) continue;
      const directory = paths.ownersOf({ topic, partition: Number(name) });
      const [lock] = inLockOrder(await session.children(directory));
      if (lock !== undefined) return `${directory}/${lock}`;
    }
    return undefined;
  }
}
