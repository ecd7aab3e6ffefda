import type { Chance } from './chance.js';
import type { Happening, Scheduler } from './scheduler.js';

export interface SimNode {
  readonly path: string;
  readonly data: Buffer;
  readonly createdAt: bigint;
  readonly changedAt: bigint;
  /** Session number of an ephemeral node; 0 for a lasting one. */
  readonly owner: number;
}

export interface SimSession {
  readonly id: number;
  readonly timeoutMs: number;
  heardAtMs: number;
  connection: ServerSide | undefined;
  expiry: Happening | undefined;
}

/** What the server needs of one connection: the way back, and its end. */
export interface ServerSide {
  readonly watches: Map<string, (() => void)[]>;
  answer(run: () => void): void;
  closedByServer(): void;
}

export const zookeeperCodes = { loss: -4, noNode: -101, nodeExists: -110, expired: -112 } as const;

export type Write = Readonly<
  { kind: 'check' | 'remove'; path: string } | { kind: 'set' | 'create'; path: string; data: Buffer; owner?: number }
>;

/** The name under which a connection watches the children of a node, which is no path. */
export function childrenWatch(path: string): string {
  return `children of ${path}`;
}

/** The servers, as one: a tree, sessions, watches. Every write is one transaction with a number of its own. */
export class SimZookeeper {
  readonly nodes = new Map<string, SimNode>();
  readonly sessions = new Map<number, SimSession>();
  onWrite: (write: Write, session: SimSession | undefined) => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  #transaction = 0n;
  #sequence = 0;
  #sessionCount = 0;
  #hungUntilMs = 0;
  #waiting: (() => void)[] = [];

  constructor(scheduler: Scheduler, chance: Chance) {
    this.#scheduler = scheduler;
    this.#chance = chance;
  }

  get transaction(): bigint {
    return this.#transaction;
  }

  /** Runs what arrives, in the order in which it arrives; nothing while the servers hang. */
  arrives(run: () => void): void {
    if (this.#isHung()) this.#waiting.push(run);
    else run();
  }

  /** Sockets stay open and nobody answers. Afterwards sessions expire first, or what has gathered is heard first: as it happens. */
  hang(ms: number): void {
    if (this.#isHung()) return;
    this.#hungUntilMs = this.#scheduler.nowMs + ms;
    this.#scheduler.after(ms, () => {
      const waiting = this.#waiting;
      this.#waiting = [];
      const expire = () => {
        for (const session of [...this.sessions.values()])
          if (this.#scheduler.nowMs >= session.heardAtMs + session.timeoutMs) this.expire(session);
      };
      if (this.#chance.is(0.5)) expire();
      for (const run of waiting) run();
      expire();
    });
  }

  newSession(timeoutMs: number, connection: ServerSide): SimSession {
    this.#sessionCount += 1;
    const session = { id: this.#sessionCount, timeoutMs, heardAtMs: 0, connection, expiry: undefined };
    this.sessions.set(session.id, session);
    this.heard(session);
    return session;
  }

  heard(session: SimSession): void {
    session.heardAtMs = this.#scheduler.nowMs;
    if (session.expiry === undefined) this.#watchOver(session, session.timeoutMs);
  }

  expire(session: SimSession): void {
    if (!this.sessions.has(session.id)) return;
    this.#end(session);
    session.connection?.closedByServer();
  }

  closeSession(session: SimSession): void {
    if (this.sessions.has(session.id)) this.#end(session);
  }

  childrenOf(path: string): readonly string[] {
    const below = path === '/' ? '/' : `${path}/`;
    const names: string[] = [];
    for (const each of this.nodes.keys()) {
      if (each.startsWith(below) && each.length > below.length && !each.includes('/', below.length))
        names.push(each.slice(below.length));
    }
    return names;
  }

  /** The oldest child with this mark in its name: the head of a line of lock nodes. */
  headOf(path: string, mark: string): SimNode | undefined {
    let head: SimNode | undefined;
    for (const name of this.childrenOf(path).filter((each) => each.includes(mark))) {
      const node = this.nodes.get(`${path}/${name}`);
      if (node !== undefined && (head === undefined || node.createdAt < head.createdAt)) head = node;
    }
    return head;
  }

  nextSequence(): string {
    this.#sequence += 1;
    return String(this.#sequence).padStart(10, '0');
  }

  /** All or nothing: the index of the write that is refused, with its code, or undefined. */
  write(writes: readonly Write[], session: SimSession | undefined): { index: number; code: number } | undefined {
    for (const [index, { kind, path }] of writes.entries()) {
      const isThere = this.nodes.has(path);
      if (kind === 'create' && isThere) return { index, code: zookeeperCodes.nodeExists };
      if (kind === 'create' && !this.#hasParent(path)) return { index, code: zookeeperCodes.noNode };
      if (kind !== 'create' && !isThere) return { index, code: zookeeperCodes.noNode };
    }
    this.#transaction += 1n;
    for (const write of writes) this.#apply(write, session);
    return undefined;
  }

  #apply(write: Write, session: SimSession | undefined): void {
    const { path } = write;
    if (write.kind === 'check') return;
    if (write.kind === 'set' || write.kind === 'create') {
      const createdAt = this.nodes.get(path)?.createdAt ?? this.#transaction;
      const owner = this.nodes.get(path)?.owner ?? write.owner ?? 0;
      this.nodes.set(path, { path, data: write.data, createdAt, changedAt: this.#transaction, owner });
    } else this.nodes.delete(path);
    this.onWrite(write, session);
    this.#fire(path);
    if (write.kind !== 'set') this.#fire(childrenWatch(path.slice(0, path.lastIndexOf('/'))));
  }

  #fire(name: string): void {
    for (const other of this.sessions.values()) {
      const watchers = other.connection?.watches.get(name);
      if (watchers === undefined) continue;
      other.connection?.watches.delete(name);
      for (const watcher of watchers) other.connection?.answer(watcher);
    }
  }

  #hasParent(path: string): boolean {
    const parent = path.slice(0, path.lastIndexOf('/'));
    return parent === '' || this.nodes.has(parent);
  }

  #isHung(): boolean {
    return this.#scheduler.nowMs < this.#hungUntilMs;
  }

  #end(session: SimSession): void {
    this.sessions.delete(session.id);
    if (session.expiry !== undefined) session.expiry.isCancelled = true;
    for (const node of [...this.nodes.values()]) {
      if (node.owner === session.id) this.write([{ kind: 'remove', path: node.path }], undefined);
    }
  }

  #watchOver(session: SimSession, inMs: number): void {
    session.expiry = this.#scheduler.after(inMs, () => {
      session.expiry = undefined;
      const leftMs = session.heardAtMs + session.timeoutMs - this.#scheduler.nowMs;
      if (leftMs > 0) this.#watchOver(session, leftMs);
      else if (this.#isHung()) this.#watchOver(session, this.#hungUntilMs - this.#scheduler.nowMs + 1);
      else this.expire(session);
    });
  }
}
