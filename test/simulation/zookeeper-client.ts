import { EventEmitter } from 'node:events';
import type {
  Done,
  LibraryClient,
  LibraryError,
  LibraryTransaction,
  Stat,
  Watcher,
} from '../../src/adapters/zookeeper/client-library.js';
import type { Fate } from './calls.js';
import type { Network } from './network.js';
import type { SimProcess } from './process.js';
import { ClientWatches } from './watches.js';
import { type ServerSide, type SimSession, type SimZookeeper, type Write, zookeeperCodes } from './zookeeper.js';

const reconnectMs = 500;
const ephemeralSequential = 3;
const ephemeral = 1;

interface Connection extends ServerSide {
  isOpen: boolean;
  session: SimSession | undefined;
  readonly pending: Set<() => void>;
}

/**
 * The client library as the engine knows it: connects again by itself, answers what was under way by an error when a connection breaks, and
 * stays silent on one that is merely dead.
 */
export class SimClient extends EventEmitter implements LibraryClient {
  readonly connectionManager: LibraryClient['connectionManager'];
  readonly #server: SimZookeeper;
  readonly #network: Network;
  readonly #process: SimProcess;
  readonly #timeoutMs: number;
  #connection: Connection | undefined;
  #session: SimSession | undefined;
  readonly #watches: ClientWatches;
  #seen = 0n;
  #isClosed = false;

  constructor(server: SimZookeeper, network: Network, process: SimProcess, timeoutMs: number) {
    super();
    this.#server = server;
    this.#network = network;
    this.#process = process;
    this.#timeoutMs = timeoutMs;
    this.#watches = new ClientWatches(server);
    process.onDead(() => this.#connection && this.#break(this.#connection, false));
    this.connectionManager = {
      xid: 1,
      pendingBuffer: null,
      connectTimeoutHandler: null,
      socket: { destroy: () => this.#connection && this.#break(this.#connection, false) },
      setState: () => {
        this.#isClosed = true;
      },
      onSocketConnected: () => this.#shakeHands(),
    };
  }

  connect(): void {
    if (this.#isClosed) return;
    const connection = this.#newConnection();
    this.#connection = connection;
    // The socket stands once a packet has come back; a server that hangs still accepts.
    this.#network.there(() =>
      this.#network.back(connection, () => this.connectionManager.onSocketConnected(), this.#process),
    );
  }

  /** The connection breaks and both sides learn of it; what is on its way is lost, or has just been carried out. */
  cut(): void {
    if (this.#connection !== undefined) this.#break(this.#connection, true);
  }

  close(): void {
    this.#isClosed = true;
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#network.there(() =>
      this.#server.arrives(() => {
        if (connection.session !== undefined) this.#server.closeSession(connection.session);
        this.#network.back(connection, () => this.#break(connection, true), this.#process);
      }),
    );
  }

  addAuthInfo(): void {}

  getSessionId(): Buffer {
    return idBytes(this.#session?.id ?? 0);
  }

  getSessionTimeout(): number {
    return this.#timeoutMs;
  }

  create(path: string, data: Buffer, _acl: unknown[], mode: number, done: Done<string>): void {
    this.#ask<string>(done, '', (session) => {
      const actual = mode === ephemeralSequential ? path + this.#server.nextSequence() : path;
      const owner = mode === ephemeral || mode === ephemeralSequential ? session.id : 0;
      const refused = this.#server.write([{ kind: 'create', path: actual, data, owner }], session);
      return refused === undefined ? { value: actual } : { code: refused.code };
    });
  }

  exists(path: string, watcher: Watcher | undefined, done: Done<Stat | null>): void {
    this.#ask<Stat | null>(done, null, (_session, connection) => {
      const node = this.#server.nodes.get(path);
      if (watcher !== undefined) this.#watches.node(connection, path, watcher);
      if (node === undefined) return { value: path === '/' ? statOf(0n, 0) : null };
      return { value: statOf(node.createdAt, node.owner) };
    });
  }

  getChildren(path: string, watcher: Watcher | undefined, done: Done<string[]>): void {
    this.#ask<string[]>(done, [], (_session, connection) => {
      if (!this.#server.nodes.has(path)) return { code: zookeeperCodes.noNode };
      if (watcher !== undefined) this.#watches.children(connection, path, watcher);
      return { value: [...this.#server.childrenOf(path)] };
    });
  }

  getData(path: string, _watcher: Watcher | undefined, done: Done<Buffer | undefined>): void {
    this.#ask<Buffer | undefined>(done, undefined, () => {
      const node = this.#server.nodes.get(path);
      return node === undefined ? { code: zookeeperCodes.noNode } : { value: node.data };
    });
  }

  remove(path: string, _version: number, done: Done<void>): void {
    this.#ask<void>(done, undefined, (session) => {
      const refused = this.#server.write([{ kind: 'remove', path }], session);
      return refused === undefined ? { value: undefined } : { code: refused.code };
    });
  }

  transaction(): LibraryTransaction {
    const writes: Write[] = [];
    return {
      check: (path) => writes.push({ kind: 'check', path }),
      create: (path, data) => writes.push({ kind: 'create', path, data }),
      setData: (path, data) => writes.push({ kind: 'set', path, data }),
      commit: (done) =>
        this.#ask<readonly { err?: number }[]>(done, [], (session) => {
          const refused = this.#server.write(writes, session);
          if (refused === undefined) return { value: writes.map(() => ({ err: 0 })) };
          // The library says which one by the results beside the error.
          const results = writes.map((_, index) => ({
            err: index === refused.index ? refused.code : index < refused.index ? 0 : -2,
          }));
          return { code: refused.code, value: results };
        }),
    };
  }

  #newConnection(): Connection {
    const connection: Connection = {
      isOpen: true,
      session: undefined,
      pending: new Set(),
      watches: new Map(),
      answer: (run) => this.#network.back(connection, run, this.#process),
      closedByServer: () => this.#network.back(connection, () => this.#break(connection, true), this.#process),
    };
    return connection;
  }

  #shakeHands(): void {
    const connection = this.#connection;
    if (connection === undefined || !connection.isOpen) return;
    const known = this.#session;
    this.#send(connection, (fate) => {
      if (!connection.isOpen && fate === 'passes') return;
      const session = known ?? this.#server.newSession(this.#timeoutMs, connection);
      if (!this.#server.sessions.has(session.id)) {
        connection.answer(() => this.#expired(connection));
        return;
      }
      session.connection = connection;
      connection.session = session;
      this.#server.heard(session);
      this.#watches.registerAgain(connection, this.#seen);
      connection.answer(() => {
        this.#session = session;
        this.emit('connected');
      });
    });
  }

  /** One packet, as it arrives. A call that goes wrong takes its connection with it. */
  #send(connection: Connection, arrive: (fate: Fate) => void): void {
    this.#process.callAndGo('zookeeper', (fate) => {
      if (fate === 'fails') this.#break(connection, true);
      else
        this.#network.there(() =>
          this.#server.arrives(() => {
            arrive(fate);
            if (fate === 'loses the answer') this.#break(connection, true);
          }),
        );
    });
  }

  #expired(connection: Connection): void {
    connection.isOpen = false;
    this.#isClosed = true;
    this.emit('expired');
  }

  #break(connection: Connection, isToReconnect: boolean): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    if (connection.session?.connection === connection) connection.session.connection = undefined;
    if (this.#connection === connection) this.#connection = undefined;
    if (!this.#process.isAlive) return;
    this.#process.scheduler.after(0.01, () => this.#broken(connection, isToReconnect), this.#process);
  }

  #broken(connection: Connection, isToReconnect: boolean): void {
    for (const fail of [...connection.pending]) fail();
    this.emit('disconnected');
    if (isToReconnect && !this.#isClosed)
      this.#process.clock.sleep(reconnectMs).then(
        () => this.connect(),
        () => undefined,
      );
  }

  #ask<T>(
    done: Done<T>,
    nothing: T,
    carryOut: (session: SimSession, connection: Connection) => { value?: T; code?: number },
  ): void {
    const connection = this.#connection;
    let isAnswered = false;
    const settle = (code: number | undefined, value: T) => {
      if (isAnswered) return;
      isAnswered = true;
      connection?.pending.delete(lose);
      done(code === undefined ? null : libraryError(code), value);
    };
    const lose = () => settle(zookeeperCodes.loss, nothing);
    if (connection === undefined || connection.session === undefined) {
      this.#process.scheduler.after(0.01, lose, this.#process);
      return;
    }
    connection.pending.add(lose);
    this.#send(connection, (fate) => {
      // A packet that was out when the connection broke may have come through.
      if (!connection.isOpen && fate === 'passes' && !this.#network.chance.is(0.5)) return;
      const { session } = connection;
      if (session === undefined || !this.#server.sessions.has(session.id)) return;
      this.#server.heard(session);
      const { value, code } = carryOut(session, connection);
      const seen = this.#server.transaction;
      connection.answer(() => {
        if (seen > this.#seen) this.#seen = seen;
        settle(code, value ?? nothing);
      });
    });
  }
}

function statOf(createdAt: bigint, owner: number): Stat {
  const czxid = Buffer.alloc(8);
  czxid.writeBigInt64BE(createdAt);
  return { czxid, ephemeralOwner: idBytes(owner) };
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(id, 4);
  return bytes;
}

function libraryError(code: number): LibraryError {
  return Object.assign(new Error(`code ${code}`), { code });
}
