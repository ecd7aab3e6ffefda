import { randomUUID } from 'node:crypto';
import type { Identity } from '../../src/adapters/zookeeper/lock-node.js';
import type { ZookeeperOptions, ZookeeperSession } from '../../src/adapters/zookeeper/session.js';
import { SessionKeeper } from '../../src/adapters/zookeeper/session-keeper.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

const forever = new AbortController().signal;

export function testIdentity(): Identity {
  return { host: 'test', pid: process.pid, instance: `test-${randomUUID()}`, startedAt: new Date().toISOString() };
}

export interface KeptSession {
  readonly keeper: SessionKeeper;
  readonly telemetry: RecordingTelemetry;
}

/** Sessions of one test: all below one group of its own, all closed by `close`. */
export class ZookeeperBench {
  readonly group = `test-${randomUUID()}`;
  readonly #servers: readonly string[];
  readonly #sessionTimeoutMs: number;
  readonly #keepers: SessionKeeper[] = [];

  constructor(servers: readonly string[], sessionTimeoutMs = 4000) {
    this.#servers = servers;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  get options(): ZookeeperOptions {
    return { servers: this.#servers, sessionTimeoutMs: this.#sessionTimeoutMs, group: this.group };
  }

  /** A keeper that has begun to connect. */
  keeper(changes: Partial<ZookeeperOptions> = {}): KeptSession {
    const telemetry = new RecordingTelemetry();
    const parts = { clock: systemClock, random: systemRandom, telemetry };
    const keeper = new SessionKeeper({ ...this.options, ...changes }, parts);
    this.#keepers.push(keeper);
    keeper.start();
    return { keeper, telemetry };
  }

  /** The same, once it is connected. */
  async session(
    changes: Partial<ZookeeperOptions> = {},
  ): Promise<KeptSession & { readonly session: ZookeeperSession }> {
    const kept = this.keeper(changes);
    return { ...kept, session: await kept.keeper.current(forever) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.close()));
  }
}
