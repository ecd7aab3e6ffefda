import { backOffMs } from '../../domain/back-off.js';
import { Bell } from '../../domain/bell.js';
import { ConfigurationError, givenUp, messageOf } from '../../domain/errors.js';
import { untilAborted } from '../../domain/until-aborted.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Paths } from './paths.js';
import { type ZookeeperOptions, ZookeeperSession } from './session.js';
import { ZookeeperError } from './zookeeper-error.js';

const pauses = { firstMs: 200, longestMs: 5_000 } as const;
/** After an end, so that engines that lost one server together do not return to it together. */
const spreadMs = 100;
/** Nothing is looked at that the bell would not tell of. */
const idleMs = 60_000;

export interface ZookeeperParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/**
 * Keeps one ZooKeeper session at a time, for ever: when it ends, or cannot be had, the next one is tried with back-off and jitter.
 *
 * An end is never taken for "expired": the servers may still hold our nodes. Who relies on a session looks at its lease.
 */
export class SessionKeeper {
  readonly paths: Paths;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly #options: ZookeeperOptions;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #changed = new Bell();
  #session: ZookeeperSession | undefined;
  #answeredAtMonoMs: number | undefined;
  #running: Promise<void> | undefined;

  /** @throws CONFIG_INVALID for servers, a chroot or a group that cannot be meant. */
  constructor(options: ZookeeperOptions, parts: ZookeeperParts) {
    this.paths = new Paths(options);
    this.#options = { ...options, servers: options.servers.map(checkedServer) };
    this.clock = parts.clock;
    this.telemetry = parts.telemetry;
    this.#random = parts.random;
  }

  /** Begins to connect; returns at once. */
  start(): void {
    this.#running ??= this.#keep();
  }

  /** The session as it is: undefined while there is none. */
  get session(): ZookeeperSession | undefined {
    return this.#session;
  }

  /** Monotonic time at which ZooKeeper answered last, in whichever session; undefined when it never did. */
  get answeredAtMonoMs(): number | undefined {
    return this.#session?.answeredAtMonoMs ?? this.#answeredAtMonoMs;
  }

  /** Waits for a session, for as long as it takes. @throws ABORTED when `signal` aborts first or the keeper is closed. */
  async current(signal: AbortSignal): Promise<ZookeeperSession> {
    while (this.#session === undefined) {
      if (signal.aborted || this.#stop.signal.aborted) throw givenUp('the wait for a ZooKeeper session was given up');
      await this.#changed.wait(idleMs, this.clock, signal);
    }
    return this.#session;
  }

  /** The session for a request that does not wait. @throws ZookeeperError, retriable, while there is none. */
  now(): ZookeeperSession {
    if (this.#session !== undefined) return this.#session;
    throw new ZookeeperError('session_ended', 'ZooKeeper: there is no session; check zookeeper.url');
  }

  /** Ends the session cleanly where the servers answer, within a second or so. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#session?.close();
    await this.#running;
    this.#changed.ring();
  }

  async #keep(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const session = await this.#begin(failures);
      if (session === undefined) {
        failures += 1;
        await this.clock.sleep(backOffMs(pauses, failures, this.#random), this.#stop.signal);
        continue;
      }
      failures = 0;
      this.#session = session;
      this.telemetry.event('zookeeper_connected', { session: session.id });
      this.#changed.ring();
      await untilAborted(session.lease.ended);
      this.#answeredAtMonoMs = session.answeredAtMonoMs;
      this.#session = undefined;
      if (this.#stop.signal.aborted) break;
      this.telemetry.event('zookeeper_session_ended', { session: session.id, reason: session.endReason });
      await this.clock.sleep(spreadMs * this.#random(), this.#stop.signal);
    }
  }

  async #begin(failures: number): Promise<ZookeeperSession | undefined> {
    try {
      return await ZookeeperSession.begin(this.#options, this.paths.root, this.clock, this.#stop.signal);
    } catch (error) {
      const isFirst = failures === 0 && !this.#stop.signal.aborted;
      if (isFirst) this.telemetry.event('zookeeper_away', { servers: this.#options.servers, reason: messageOf(error) });
      return undefined;
    }
  }
}

function checkedServer(server: string): string {
  const parts = /^[^\s:/,]+(?::([0-9]{1,5}))?$/.exec(server);
  // The client library would throw out of a timer.
  if (parts !== null && Number(parts[1] ?? 2181) <= 65_535) return server;
  throw new ConfigurationError('CONFIG_INVALID', `zookeeper.url: expected host:port, got ${JSON.stringify(server)}`);
}
