import { givenUp } from '../../domain/errors.js';
import { untilAborted } from '../../domain/until-aborted.js';
import type { HeldLock } from '../../ports/ownership.js';
import type { Fence } from '../../ports/progress.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { inLockOrder, lockNodePrefix } from './paths.js';
import type { ZookeeperSession } from './session.js';
import { isReason, ZookeeperError } from './zookeeper-error.js';

const removeTries = 3;

/** Who we are, for the people who read a lock node. */
export interface Identity {
  readonly host: string;
  readonly pid: number;
  readonly instance: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

/**
 * Our place in the line for one lock: an ephemeral, sequential node, whose guid belongs to this one attempt in this one session. When the
 * answer to `create` is lost the node is found again by its guid, and so never waits behind itself.
 *
 * Each waits for the node before its own, and for nothing else: no polling, no herd.
 */
export class LockNode {
  readonly session: ZookeeperSession;
  readonly #directory: string;
  readonly #data: string;
  readonly #prefix: string;

  constructor(session: ZookeeperSession, directory: string, identity: Identity, guid: string) {
    this.session = session;
    this.#directory = directory;
    this.#data = JSON.stringify(identity);
    this.#prefix = lockNodePrefix(guid);
  }

  /** Whether this child of a line belongs to our attempt. */
  isOurs(child: string): boolean {
    return child.startsWith(this.#prefix);
  }

  /**
   * Waits until the line has nobody before us, and answers with the path of our node. `onWait` is told the head of the line, each time.
   * @throws ABORTED; ZookeeperError when the session is over.
   */
  async untilFirst(signal: AbortSignal, onWait: (headPath: string) => Promise<void>): Promise<string> {
    for (;;) {
      if (signal.aborted) throw givenUp('the wait for a lock was given up');
      try {
        const path = await this.#look(signal, onWait);
        if (path !== undefined) return path;
      } catch (error) {
        // Whether it was carried out shows at the next look, which waits for the connection.
        if (!isReason(error, 'connection_loss', 'timed_out')) throw error;
      }
    }
  }

  /** Removes whatever has our guid, by `session`, which may be a later one than the node's. */
  async remove(session: ZookeeperSession): Promise<void> {
    for (const child of inLockOrder(await session.children(this.#directory))) {
      if (this.isOurs(child)) await session.remove(`${this.#directory}/${child}`);
    }
  }

  async #look(signal: AbortSignal, onWait: (headPath: string) => Promise<void>): Promise<string | undefined> {
    const line = inLockOrder(await this.session.children(this.#directory));
    const [own, ...doubles] = line.filter((child) => this.isOurs(child));
    if (own === undefined) {
      await this.session.create(`${this.#directory}/${this.#prefix}`, this.#data, 'ephemeralSequential');
      return undefined;
    }
    for (const double of doubles) await this.session.remove(`${this.#directory}/${double}`);
    const before = line[line.indexOf(own) - 1];
    if (before === undefined) return `${this.#directory}/${own}`;
    await onWait(`${this.#directory}/${line[0]}`);
    await untilChanged(this.session, `${this.#directory}/${before}`, signal);
    return undefined;
  }
}

/** Resolves when the node changes or is not there, or when the session is over. @throws ABORTED. */
export async function untilChanged(session: ZookeeperSession, path: string, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  if ((await session.exists(path, () => changed.abort())) === undefined) return;
  await untilAborted(changed.signal, session.lease.ended, signal);
  if (signal.aborted) throw givenUp(`the wait for ${path} was given up`);
}

/** A lock that we hold, until its node vanishes or its session is over. */
export class HeldLockNode implements HeldLock {
  readonly fence: Fence;
  readonly #session: ZookeeperSession;
  readonly #telemetry: Telemetry;
  readonly #onReleased: (isGone: boolean) => void;
  readonly #lost = new AbortController();
  #isReleased = false;

  private constructor(
    session: ZookeeperSession,
    fence: Fence,
    telemetry: Telemetry,
    onReleased: (isGone: boolean) => void,
  ) {
    this.fence = fence;
    this.#session = session;
    this.#telemetry = telemetry;
    this.#onReleased = onReleased;
    void untilAborted(session.lease.ended, this.#lost.signal).then(() => this.#lost.abort());
  }

  /** `onReleased` is told whether the node is gone. @throws ZookeeperError when it is gone already. */
  static async hold(
    session: ZookeeperSession,
    lockPath: string,
    telemetry: Telemetry,
    onReleased: (isGone: boolean) => void,
  ): Promise<HeldLockNode> {
    const stat = await session.exists(lockPath);
    if (stat === undefined) throw new ZookeeperError('no_node', `ZooKeeper: our lock node ${lockPath} is gone`);
    const held = new HeldLockNode(session, { lockPath, epoch: stat.czxid.readBigInt64BE(0) }, telemetry, onReleased);
    held.#look();
    return held;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    for (let attempt = 1; attempt <= removeTries && this.#session.endReason === undefined; attempt++) {
      try {
        await this.#session.remove(this.fence.lockPath);
        this.#onReleased(true);
        return;
      } catch (error) {
        if (!(error instanceof ZookeeperError)) throw error;
      }
    }
    this.#onReleased(false);
  }

  /** Watches our own node: the watch fires once, and also when somebody merely writes to it. */
  #look(): void {
    if (this.#isReleased || this.#lost.signal.aborted) return;
    this.#session
      .exists(this.fence.lockPath, () => this.#look())
      .then((stat) => {
        if (stat !== undefined || this.#isReleased) return;
        this.#telemetry.event('lock_node_lost', { lock: this.fence.lockPath });
        this.#lost.abort();
      })
      .catch((error) => {
        if (isReason(error, 'connection_loss', 'timed_out')) this.#look();
      });
  }
}
