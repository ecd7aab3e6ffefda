import { givenUp } from '../../domain/errors.js';
import type { HeldLock, LeaderLock } from '../../ports/ownership.js';
import { blockerOfTopicLock } from './lock-modes.js';
import { HeldLockNode, type Identity, untilChanged } from './lock-node.js';
import { OwnLockNodes } from './own-lock-nodes.js';
import type { ZookeeperSession } from './session.js';
import type { SessionKeeper } from './session-keeper.js';
import { ZookeeperError } from './zookeeper-error.js';

const pauseMs = 200;
/** An engine of the other mode that came in between takes its node back within this time, or works already. */
const giveWayMs = 1_000;

/**
 * One active engine per topic, by the line of lock nodes below `owners/<topic>`.
 *
 * Waits also while a partition lock of that topic, or of one that it stands for, is held, which is an engine of the other mode, and while a
 * 2014 engine holds its own lock: the two do not see each other's. Each mode makes its node first and looks for the other's then, so that one
 * of two sees the other; who sees it gives way, the one that shares partitions at once. Nodes of ours that may be left from before
 * are removed first, so that nobody waits for them to expire; a lock whose session is over is never taken up again.
 */
export class ZookeeperLeaderLock implements LeaderLock {
  readonly #keeper: SessionKeeper;
  readonly #identity: Identity;
  readonly #covered: readonly string[];
  readonly #nodes = new OwnLockNodes();

  /** `covered`: the other topics that the lock of the alarm topic stands for. */
  constructor(keeper: SessionKeeper, identity: Identity, covered: readonly string[] = []) {
    this.#keeper = keeper;
    this.#identity = identity;
    this.#covered = covered;
  }

  async acquire(topic: string, signal: AbortSignal): Promise<HeldLock> {
    for (;;) {
      const session = await this.#keeper.current(signal);
      try {
        const held = await this.#acquireIn(session, topic, signal);
        if (held !== undefined) return held;
      } catch (error) {
        if (!(error instanceof ZookeeperError)) throw error;
        await this.#keeper.clock.sleep(pauseMs, signal);
        if (signal.aborted) throw givenUp(`the wait for the lock of ${topic} was given up`);
      }
    }
  }

  /** Undefined when it gave way. */
  async #acquireIn(session: ZookeeperSession, topic: string, signal: AbortSignal): Promise<HeldLock | undefined> {
    await this.#nodes.removeLeftovers(session);
    await this.#untilUnblocked(session, topic, signal);
    const directory = this.#keeper.paths.owners(topic);
    await this.#nodes.line(session, directory);
    const node = this.#nodes.newNode(session, directory, this.#identity);
    try {
      let isTold = false;
      const path = await node.untilFirst(signal, async (headPath) => {
        if (!isTold) await this.#tellWaiting(session, topic, headPath);
        isTold = true;
      });
      if (!(await this.#isUnblockedSoon(session, topic, signal))) {
        await this.#nodes.abandon(node);
        return undefined;
      }
      const held = await HeldLockNode.hold(session, path, this.#keeper.telemetry, this.#nodes.onReleased(node));
      this.#keeper.telemetry.event('lock_taken', { topic, lock: path, epoch: held.fence.epoch.toString() });
      return held;
    } catch (error) {
      await this.#nodes.abandon(node);
      throw error;
    }
  }

  async #tellWaiting(session: ZookeeperSession, topic: string, headPath: string): Promise<void> {
    const holder = (await session.read(headPath))?.toString('utf8').slice(0, 300);
    this.#keeper.telemetry.event('lock_waiting', { topic, lock: headPath, holder });
  }

  /** With our node in the line nobody shares a further partition; but engines that share already will not stop for it. */
  async #isUnblockedSoon(session: ZookeeperSession, topic: string, signal: AbortSignal): Promise<boolean> {
    const limit = this.#keeper.clock.limit(giveWayMs, signal);
    try {
      await this.#untilUnblocked(session, topic, limit.signal);
      return true;
    } catch (error) {
      if (!limit.expired) throw error;
      return false;
    } finally {
      limit.clear();
    }
  }

  async #untilUnblocked(session: ZookeeperSession, topic: string, signal: AbortSignal): Promise<void> {
    let told: string | undefined;
    for (;;) {
      const blocker = await blockerOfTopicLock(session, this.#keeper.paths, topic, [topic, ...this.#covered]);
      if (blocker === undefined) return;
      if (blocker !== told) this.#keeper.telemetry.event('lock_blocked', { topic, path: blocker });
      told = blocker;
      await untilChanged(session, blocker, signal);
    }
  }
}
