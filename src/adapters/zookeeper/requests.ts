import { messageOf } from '../../domain/errors.js';
import type { Clock } from '../../ports/system.js';
import type { Done, LibraryClient } from './client-library.js';
import { isReason, rightMissing, ZookeeperError } from './zookeeper-error.js';

/** What is asked, for error texts; `index` is the operation of a multi that was refused. */
type Name = (index?: number) => string;
type Send<T> = (client: LibraryClient, done: Done<T>) => void;

export interface RequestsParts {
  readonly client: LibraryClient;
  readonly clock: Clock;
  readonly limitMs: number;
  /** The server answered, be it with an error, what was sent at this moment. */
  onAnswer(sent: SentAt): void;
}

/** One moment by both clocks: in a suspension of the host only the one on the wall goes on. */
export interface SentAt {
  readonly atMonoMs: number;
  readonly atMs: number;
}

/** Errors that the library makes up by itself: no answer of the server. */
const localCodes: ReadonlySet<number> = new Set([-4, -112, -115]);

/**
 * The requests of one session as promises: each with a limit, none left over when the session ends.
 *
 * A request waits here while there is no connection, because what the library queues meanwhile it forgets when the session expires, and
 * sends before our credentials when it does not.
 */
export class Requests {
  readonly #parts: RequestsParts;
  readonly #pending = new Set<(error: Error) => void>();
  #waiting: (() => void)[] = [];
  #isConnected = false;
  #endReason: string | undefined;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  connected(): void {
    this.#isConnected = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  disconnected(): void {
    this.#isConnected = false;
  }

  /** Refuses everything, now and from now on. */
  end(reason: string): void {
    this.#endReason = reason;
    this.#waiting = [];
    for (const fail of [...this.#pending]) fail(over('a request under way', reason));
  }

  /** @throws ZookeeperError; RIGHT_MISSING when refused for want of a right twice. */
  async ask<T>(what: string | Name, send: Send<T>): Promise<T> {
    const name = typeof what === 'string' ? () => what : what;
    try {
      return await this.#askOnce(name, send);
    } catch (error) {
      if (!isReason(error, 'no_auth')) throw error;
    }
    try {
      return await this.#askOnce(name, send);
    } catch (error) {
      throw isReason(error, 'no_auth') ? rightMissing(name(error.operationIndex), error) : error;
    }
  }

  #askOnce<T>(name: Name, send: Send<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#endReason !== undefined) {
        reject(over(name(), this.#endReason));
        return;
      }
      const { client, clock, limitMs } = this.#parts;
      const limit = clock.limit(limitMs);
      const fail = (error: Error) => {
        limit.clear();
        if (this.#pending.delete(fail)) reject(error);
      };
      this.#pending.add(fail);
      limit.signal.addEventListener('abort', () => fail(late(name(), limitMs)), { once: true });
      const go = () => {
        if (!this.#pending.has(fail)) return;
        const sent = { atMonoMs: clock.monoMs(), atMs: clock.nowMs() };
        const done: Done<T> = (error, value) => {
          if (!error || !localCodes.has(error.code)) this.#parts.onAnswer(sent);
          const index = refusedIn(value);
          if (error) return fail(ZookeeperError.of(name(index), error, index));
          limit.clear();
          if (this.#pending.delete(fail)) resolve(value);
        };
        try {
          send(client, done);
        } catch (error) {
          fail(new ZookeeperError('other', `ZooKeeper: ${name()}: ${messageOf(error)}`, { cause: error }));
        }
      };
      if (this.#isConnected) go();
      else this.#waiting.push(go);
    });
  }
}

function over(what: string, reason: string): ZookeeperError {
  return new ZookeeperError('session_ended', `ZooKeeper: ${what}: the session is over: ${reason}`);
}

function late(what: string, limitMs: number): ZookeeperError {
  return new ZookeeperError('timed_out', `ZooKeeper: ${what}: no answer within ${limitMs} ms; check the servers`);
}

/** In the answer to a multi: the first operation with an error. The others are refused because of it. */
function refusedIn(value: unknown): number | undefined {
  if (!Array.isArray(value)) return undefined;
  const index = value.findIndex((result: { err?: number }) => typeof result?.err === 'number' && result.err !== 0);
  return index < 0 ? undefined : index;
}
