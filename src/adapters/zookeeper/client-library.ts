import type { EventEmitter } from 'node:events';
import zookeeper from 'node-zookeeper-client';

/** What we use of node-zookeeper-client 1.1.3, private parts included; its published types lack some of it. */
export interface LibraryClient extends EventEmitter {
  connect(): void;
  close(): void;
  addAuthInfo(scheme: string, auth: Buffer): void;
  getSessionId(): Buffer;
  getSessionTimeout(): number;
  create(path: string, data: Buffer, acl: unknown[], mode: number, done: Done<string>): void;
  exists(path: string, watcher: Watcher | undefined, done: Done<Stat | null>): void;
  getChildren(path: string, watcher: Watcher | undefined, done: Done<string[]>): void;
  getData(path: string, watcher: Watcher | undefined, done: Done<Buffer | undefined>): void;
  remove(path: string, version: number, done: Done<void>): void;
  transaction(): LibraryTransaction;
  readonly connectionManager: {
    xid: number;
    pendingBuffer: Buffer | null;
    socket?: { destroy(): void };
    connectTimeoutHandler: NodeJS.Timeout | null;
    setState(state: number): void;
    onSocketConnected(): void;
  };
}

export interface LibraryTransaction {
  check(path: string, version: number): unknown;
  create(path: string, data: Buffer, acl: unknown[], mode: number): unknown;
  setData(path: string, data: Buffer, version: number): unknown;
  commit(done: Done<readonly { readonly err?: number }[]>): void;
}

export interface LibraryError extends Error {
  readonly code: number;
}

export interface Stat {
  /** Transaction that created the node: 8 bytes, big endian. */
  readonly czxid: Buffer;
  /** Session that an ephemeral node belongs to: 8 bytes. */
  readonly ephemeralOwner: Buffer;
}

export type Done<T> = (error: LibraryError | null | undefined, value: T) => void;
export type Watcher = () => void;

const library = zookeeper as unknown as {
  createClient(servers: string, options: { sessionTimeout: number; spinDelay: number; retries: number }): LibraryClient;
  readonly Exception: { create(code: number, path?: string): Error };
  readonly ACL: { readonly OPEN_ACL_UNSAFE: unknown[]; readonly CREATOR_ALL_ACL: unknown[] };
};

const create = library.Exception.create;
// The library throws, out of a socket handler, at every error code that it does not know: newer servers have several.
library.Exception.create = (code, path) => {
  try {
    return create(code, path);
  } catch {
    return Object.assign(new Error(`ZooKeeper error ${code}`), { code });
  }
};

export const openAcl = library.ACL.OPEN_ACL_UNSAFE;
export const creatorAcl = library.ACL.CREATOR_ALL_ACL;
export const createModes = { persistent: 0, ephemeral: 1, ephemeralSequential: 3 } as const;

/** A client that has not begun to connect. It never repeats a request by itself: a repeated `create` would be a second node. */
export function newClient(servers: readonly string[], sessionTimeoutMs: number): LibraryClient {
  const client = library.createClient(servers.join(','), {
    sessionTimeout: sessionTimeoutMs,
    spinDelay: 500,
    retries: 0,
  });
  const manager = client.connectionManager;
  const onSocketConnected = manager.onSocketConnected;
  manager.onSocketConnected = () => {
    // Half a packet of the last connection would be read as the beginning of this one: as an expired session, or as an exception that
    // nobody catches.
    manager.pendingBuffer = null;
    onSocketConnected.call(manager);
  };
  return client;
}

/**
 * Ends a client for good, at once and whatever state it is in.
 *
 * `close` alone waits for ever on a connection that has gone silent, and fails before the first socket; without it the library would
 * connect again, and so keep alive a session that we have given up.
 */
export function abandon(client: LibraryClient, isConnected: boolean): void {
  const manager = client.connectionManager;
  // A socket may still be on its way behind a timer of the library.
  manager.onSocketConnected = () => destroySocket(manager);
  if (isConnected) client.close();
  else manager.setState(closing);
  destroySocket(manager);
}

const closing = -1;

function destroySocket(manager: LibraryClient['connectionManager']): void {
  if (manager.connectTimeoutHandler !== null) clearTimeout(manager.connectTimeoutHandler);
  manager.socket?.destroy();
}
