import { untilAborted } from '../../domain/until-aborted.js';
import type { Identity } from './lock-node.js';
import type { ZookeeperSession } from './session.js';
import type { SessionKeeper } from './session-keeper.js';
import { isReason, ZookeeperError } from './zookeeper-error.js';

const pauseMs = 500;

/** What engines that share partitions tell each other beside who they are. */
export type Announcement = Readonly<{ lock: 'partition'; topics: readonly string[] }>;

/** Our name under `ids`, there as long as a session of ours is: engines that share partitions count each other by it. */
export class InstanceNode {
  readonly #keeper: SessionKeeper;
  readonly #identity: Identity;

  constructor(keeper: SessionKeeper, identity: Identity) {
    this.#keeper = keeper;
    this.#identity = identity;
  }

  /** Makes the node in every session until `signal` aborts; the end of the session removes it. @throws RIGHT_MISSING. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const session = await this.#keeper.current(signal).catch(() => undefined);
      if (session === undefined) return;
      try {
        await this.#announce(session, this.#identity);
        await untilAborted(session.lease.ended, signal);
      } catch (error) {
        if (!(error instanceof ZookeeperError)) throw error;
        await this.#keeper.clock.sleep(pauseMs, signal);
      }
    }
  }

  /** Makes the node in the present session, unless it is there. @throws RIGHT_MISSING; ZookeeperError. */
  async announce(announcement: Announcement): Promise<void> {
    await this.#announce(this.#keeper.now(), { ...this.#identity, ...announcement });
  }

  /** Removes the node. @throws ZookeeperError. */
  async withdraw(): Promise<void> {
    await this.#keeper.now().remove(this.#keeper.paths.instance(this.#identity.instance));
  }

  async #announce(session: ZookeeperSession, data: Identity): Promise<void> {
    const path = this.#keeper.paths.instance(this.#identity.instance);
    const stat = await session.exists(path);
    if (stat?.ephemeralOwner.equals(session.idBytes)) return;
    // No two engines have one name, so this is the node of a session that we have given up.
    if (stat !== undefined) await session.remove(path);
    try {
      await session.create(path, JSON.stringify(data), 'ephemeral');
    } catch (error) {
      if (!isReason(error, 'node_exists')) throw error;
    }
  }
}
