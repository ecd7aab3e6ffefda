import type { Watcher } from '../../src/adapters/zookeeper/client-library.js';
import { childrenWatch, type ServerSide, type SimZookeeper } from './zookeeper.js';

interface Watch {
  readonly name: string;
  readonly watcher: Watcher;
  /** True when there is something new since this watch was set, by the last transaction that its client has seen. */
  isChanged(seen: bigint): boolean;
}

/** What one client watches, over all its connections: each function once for each thing, and once only. */
export class ClientWatches {
  readonly #server: SimZookeeper;
  #watches: Watch[] = [];

  constructor(server: SimZookeeper) {
    this.#server = server;
  }

  node(connection: ServerSide, path: string, watcher: Watcher): void {
    const wasThere = this.#server.nodes.has(path);
    const isChanged = (seen: bigint) => {
      const node = this.#server.nodes.get(path);
      return node === undefined ? wasThere : !wasThere || node.changedAt > seen;
    };
    this.#add(connection, { name: path, watcher, isChanged });
  }

  children(connection: ServerSide, path: string, watcher: Watcher): void {
    const names = this.#server.childrenOf(path).join();
    const isChanged = () => this.#server.childrenOf(path).join() !== names;
    this.#add(connection, { name: childrenWatch(path), watcher, isChanged });
  }

  /** A new connection: what changed while there was none is told at once; the rest is watched on. */
  registerAgain(connection: ServerSide, seen: bigint): void {
    const watches = this.#watches;
    this.#watches = [];
    for (const watch of watches) {
      this.#add(connection, watch);
      if (!watch.isChanged(seen)) continue;
      for (const fire of connection.watches.get(watch.name) ?? []) connection.answer(fire);
      connection.watches.delete(watch.name);
    }
  }

  #add(connection: ServerSide, watch: Watch): void {
    const { name, watcher } = watch;
    this.#watches = [...this.#watches.filter((other) => other.name !== name || other.watcher !== watcher), watch];
    const fire = () => {
      if (!this.#watches.includes(watch)) return;
      this.#watches = this.#watches.filter((other) => other !== watch);
      watcher();
    };
    connection.watches.set(name, [...(connection.watches.get(name) ?? []), fire]);
  }
}
