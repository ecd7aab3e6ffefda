import { randomUUID } from 'node:crypto';
import { EngineError } from '../../domain/errors.js';
import { type Identity, LockNode } from './lock-node.js';
import { inLockOrder } from './paths.js';
import type { ZookeeperSession } from './session.js';

/**
 * The lock nodes of this engine that may still be there: in use, left over from a session that has ended, or given up while the connection
 * was away. The last kind stays as long as the session does, and everybody would wait behind it, this engine too.
 */
export class OwnLockNodes {
  readonly #mark = randomUUID();
  readonly #nodes = new Set<LockNode>();
  readonly #givenUp = new Set<LockNode>();
  #madeCount = 0;

  /** A place in the line below `directory`, not yet taken. */
  newNode(session: ZookeeperSession, directory: string, identity: Identity): LockNode {
    this.#madeCount += 1;
    const node = new LockNode(session, directory, identity, `${this.#ours(session)}${this.#madeCount}`);
    this.#nodes.add(node);
    return node;
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

  /**
   * Answers with the line below `directory`, first come first, without nodes of ours that belong to no attempt any more, which are removed: a
   * create may be carried out after it was given up and looked for, where a server lags behind the others. @throws ZookeeperError.
   */
  async line(session: ZookeeperSession, directory: string): Promise<readonly string[]> {
    const line = inLockOrder(await session.children(directory));
    const strays = line.filter((child) => this.#isStray(session, child));
    for (const stray of strays) await session.remove(`${directory}/${stray}`);
    return line.filter((child) => !strays.includes(child));
  }

  #isStray(session: ZookeeperSession, child: string): boolean {
    return child.startsWith(this.#ours(session)) && ![...this.#nodes].some((node) => node.isOurs(child));
  }

  #ours(session: ZookeeperSession): string {
    return `${session.id}-${this.#mark}-`;
  }

  #forget(node: LockNode): void {
    this.#nodes.delete(node);
    this.#givenUp.delete(node);
  }
}
