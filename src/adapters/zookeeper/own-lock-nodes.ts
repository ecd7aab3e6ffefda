import { EngineError } from '../../domain/errors.js';
import type { LockNode } from './lock-node.js';
import type { ZookeeperSession } from './session.js';

/** The lock nodes of this engine that may still be there, in this session or left over from one that has ended. */
export class OwnLockNodes {
  readonly #nodes = new Set<LockNode>();

  add(node: LockNode): void {
    this.#nodes.add(node);
  }

  /** It is gone. */
  forget(node: LockNode): void {
    this.#nodes.delete(node);
  }

  async abandon(node: LockNode): Promise<void> {
    try {
      await node.remove(node.session);
      this.#nodes.delete(node);
    } catch (error) {
      // It stays on the list, or ends with its session.
      if (!(error instanceof EngineError)) throw error;
    }
  }

  /** So that nobody waits for what an ended session left to expire. */
  async removeLeftovers(session: ZookeeperSession): Promise<void> {
    for (const node of this.#nodes) {
      if (node.session === session) continue;
      await node.remove(session);
      this.#nodes.delete(node);
    }
  }
}
