import { EngineError } from '../../domain/errors.js';
import type { LockNode } from './lock-node.js';
import type { ZookeeperSession } from './session.js';

/**
 * The lock nodes of this engine that may still be there: in use, left over from a session that has ended, or given up while the connection
 * was away. The last kind stays as long as the session does, and everybody would wait behind it, this engine too.
 */
export class OwnLockNodes {
  readonly #nodes = new Set<LockNode>();
  readonly #givenUp = new Set<LockNode>();

  add(node: LockNode): void {
    this.#nodes.add(node);
  }

  /** What the lock of this node says when it is released. */
  onReleased(node: LockNode): (isGone: boolean) => void {
    return (isGone) => (isGone ? this.#forget(node) : void this.#givenUp.add(node));
  }

  async abandon(node: LockNode): Promise<void> {
    this.#givenUp.add(node);
    try {
      await node.remove(node.session);
      this.#forget(node);
    } catch (error) {
      // It stays on the list.
      if (!(error instanceof EngineError)) throw error;
    }
  }

  /** So that nobody waits for what has no use any more. @throws ZookeeperError. */
  async removeLeftovers(session: ZookeeperSession): Promise<void> {
    for (const node of this.#nodes) {
      if (node.session === session && !this.#givenUp.has(node)) continue;
      await node.remove(session);
      this.#forget(node);
    }
  }

  #forget(node: LockNode): void {
    this.#nodes.delete(node);
    this.#givenUp.delete(node);
  }
}
