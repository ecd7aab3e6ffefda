import type { Secret } from '../../domain/secret.js';
import type { Clock } from '../../ports/system.js';
import {
  abandon,
  createModes,
  creatorAcl,
  type Done,
  type LibraryClient,
  newClient,
  openAcl,
  type Stat,
  type Watcher,
} from './client-library.js';
import { parentOf } from './paths.js';
import { Requests, type SentAt } from './requests.js';
import { SessionLease } from './session-lease.js';
import { isReason } from './zookeeper-error.js';

export interface ZookeeperOptions {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly chroot?: string | undefined;
  /** What we ask for; the servers decide. */
  readonly sessionTimeoutMs: number;
  /** `user:password`. With it our nodes belong to us alone. */
  readonly auth?: Secret | undefined;
  readonly group: string;
  /** Another client than the library's; for the simulation. */
  readonly newClient?: typeof newClient;
}

export type MultiOperation = Readonly<
  | { kind: 'check'; path: string }
  | { kind: 'set'; path: string; data: string }
  | { kind: 'create'; path: string; data: string }
>;

export type NodeMode = keyof typeof createModes;

const closeLimitMs = 1000;
/** Far below 2^31, where the library's request numbers would run over. They need only differ from those under way. */
const maxRequestNumber = 2 ** 30;

/**
 * One ZooKeeper session, from its first answer to its end; it never comes back, its successor is another object.
 *
 * The client library stays silent on a dead connection, so the end is ours to find: the session is over when its lease ends, whatever the
 * library says. Every request has a limit and is refused once the session is over. A path that refuses us twice is RIGHT_MISSING: after a
 * reconnect the first request may overtake our credentials. Other failures are ZookeeperErrors.
 */
export class ZookeeperSession {
  readonly lease: SessionLease;
  readonly #client: LibraryClient;
  readonly #clock: Clock;
  readonly #requests: Requests;
  /** Below it nodes are created for us alone, when there are credentials. */
  readonly #ownRoot: string | undefined;
  #answeredAtMonoMs = 0;
  #endReason: string | undefined;
  #stopRenewing: () => void = () => undefined;

  private constructor(options: ZookeeperOptions, ownRoot: string, clock: Clock) {
    this.#client = (options.newClient ?? newClient)(options.servers, options.sessionTimeoutMs);
    this.#clock = clock;
    this.#requests = new Requests({
      client: this.#client,
      clock,
      limitMs: options.sessionTimeoutMs,
      onAnswer: (sent) => this.#answered(sent),
    });
    this.lease = new SessionLease(clock);
    this.lease.ended.addEventListener('abort', () => this.#end('ZooKeeper did not answer in time'), { once: true });
    const isSecured = options.auth !== undefined && !options.auth.isEmpty;
    this.#ownRoot = isSecured ? ownRoot : undefined;
    if (isSecured) this.#client.addAuthInfo('digest', Buffer.from(options.auth.reveal()));
    this.#listen();
  }

  /** Connects and waits for the first answer, at most as long as the session time-out. @throws ZookeeperError. */
  static async begin(
    options: ZookeeperOptions,
    ownRoot: string,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<ZookeeperSession> {
    const session = new ZookeeperSession(options, ownRoot, clock);
    const giveUp = () => session.#end('stopped');
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      session.#client.connect();
      await session.exists('/');
      const renewMs = session.#client.getSessionTimeout() / 4;
      session.#stopRenewing = clock.every(renewMs, () => session.#renew());
      return session;
    } catch (error) {
      session.#end('the first request failed');
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** As the servers print it, without 0x. */
  get id(): string {
    return this.#client.getSessionId().toString('hex').replace(/^0+/, '');
  }

  get idBytes(): Buffer {
    return this.#client.getSessionId();
  }

  /** Monotonic time of the last answer; the proof of life for readiness. */
  get answeredAtMonoMs(): number {
    return this.#answeredAtMonoMs;
  }

  /** Why it is over, in words; undefined while it is not. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /** Undefined when there is no such node. `watcher` is called once, at the node's next change, creation included. */
  async exists(path: string, watcher?: Watcher): Promise<Stat | undefined> {
    const stat = await this.#requests.ask<Stat | null>(`see ${path}`, (client, done) =>
      client.exists(path, watcher, done),
    );
    return stat ?? undefined;
  }

  /** Names of the children; none where there is no such node. `watcher` is called once, when they change, unless there is no such node. */
  async children(path: string, watcher?: Watcher): Promise<readonly string[]> {
    try {
      const ask = (client: LibraryClient, done: Done<string[]>) => client.getChildren(path, watcher, done);
      return await this.#requests.ask(`list ${path}`, ask);
    } catch (error) {
      if (isReason(error, 'no_node')) return [];
      throw error;
    }
  }

  /** The node's bytes; undefined when there is no such node. */
  async read(path: string): Promise<Buffer | undefined> {
    try {
      const ask = (client: LibraryClient, done: Done<Buffer | undefined>) => client.getData(path, undefined, done);
      return (await this.#requests.ask(`read ${path}`, ask)) ?? Buffer.alloc(0);
    } catch (error) {
      if (isReason(error, 'no_node')) return undefined;
      throw error;
    }
  }

  /** Creates a node, its parents first where they are missing. Answers with its path, sequence included. @throws node_exists. */
  async create(path: string, data: string, mode: NodeMode): Promise<string> {
    const send = (client: LibraryClient, done: Done<string>) =>
      client.create(path, Buffer.from(data), this.#aclOf(path), createModes[mode], done);
    try {
      return await this.#requests.ask(`create ${path}`, send);
    } catch (error) {
      if (!isReason(error, 'no_node')) throw error;
    }
    await this.ensure(parentOf(path));
    return this.#requests.ask(`create ${path}`, send);
  }

  /** Makes sure that a lasting node is there. */
  async ensure(path: string): Promise<void> {
    try {
      await this.create(path, '', 'persistent');
    } catch (error) {
      if (!isReason(error, 'node_exists')) throw error;
    }
  }

  /** Removes the node, whatever its version; one that is gone already is fine. */
  async remove(path: string): Promise<void> {
    try {
      await this.#requests.ask<void>(`remove ${path}`, (client, done) => client.remove(path, -1, done));
    } catch (error) {
      if (!isReason(error, 'no_node')) throw error;
    }
  }

  /** All operations or none. @throws ZookeeperError with the index of the operation that was refused. */
  async multi(operations: readonly MultiOperation[]): Promise<void> {
    await this.#requests.ask<unknown>(
      (index) => `write ${operations[index ?? 0]?.path}`,
      (client, done) => {
        const transaction = client.transaction();
        // The library reads version 0 as "any", so a version is never asked for: the path of a lock node is unique.
        for (const operation of operations) {
          if (operation.kind === 'check') transaction.check(operation.path, -1);
          else if (operation.kind === 'set') transaction.setData(operation.path, Buffer.from(operation.data), -1);
          else {
            const { path, data } = operation;
            transaction.create(path, Buffer.from(data), this.#aclOf(path), createModes.persistent);
          }
        }
        transaction.commit(done);
      },
    );
  }

  /** Ends the session on the server, so that its locks are free at once; by force when the server does not answer. */
  async close(): Promise<void> {
    if (!this.#retire('closed')) return;
    if (this.#requests.isConnected) {
      const limit = this.#clock.limit(closeLimitMs);
      await new Promise<void>((resolve) => {
        limit.signal.addEventListener('abort', () => resolve(), { once: true });
        this.#client.once('disconnected', resolve);
        this.#client.close();
      });
      limit.clear();
    }
    abandon(this.#client, this.#requests.isConnected);
  }

  #listen(): void {
    this.#client.on('connected', () => {
      this.#requests.connected();
      this.#renew();
    });
    this.#client.on('disconnected', () => this.#requests.disconnected());
    this.#client.on('expired', () => this.#end('the server says that the session has expired'));
    this.#client.on('authenticationFailed', () => this.#end('the server refused zookeeper.auth'));
  }

  #renew(): void {
    if (this.#endReason !== undefined || !this.#requests.isConnected) return;
    const manager = this.#client.connectionManager;
    if (manager.xid > maxRequestNumber) manager.xid = 1;
    // A failure needs no care: the lease, which then is not renewed, speaks for itself.
    this.exists('/').catch(() => undefined);
  }

  #answered(sent: SentAt): void {
    this.#answeredAtMonoMs = this.#clock.monoMs();
    this.lease.renew(sent, this.#client.getSessionTimeout());
  }

  #aclOf(path: string): unknown[] {
    const isOurs = this.#ownRoot !== undefined && (path === this.#ownRoot || path.startsWith(`${this.#ownRoot}/`));
    return isOurs ? creatorAcl : openAcl;
  }

  #end(reason: string): void {
    if (this.#retire(reason)) abandon(this.#client, this.#requests.isConnected);
  }

  /** Before the client is told: it answers what is asked while it closes by an error, at once and without end. */
  #retire(reason: string): boolean {
    if (this.#endReason !== undefined) return false;
    this.#endReason = reason;
    this.#stopRenewing();
    this.#requests.end(reason);
    this.lease.end();
    return true;
  }
}
