import type { KV } from '@nats-io/kv';
import { EngineError, givenUp } from '../../domain/errors.js';
import type { Clock, Random } from '../../ports/system.js';
import { isWrongRevision, natsFailure } from './library.js';

/** The bucket forgets a key after this time: so long a dead owner keeps its worker. */
export const leaseMs = 10_000;
const renewMs = 3_000;
const againMs = 500;
/** The server begins to count later than we do; this covers a timer that is late. */
const marginMs = 1_000;
const answerLimitMs = 2_000;
const lookMs = 500;

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The right to work for one key, kept in a bucket whose entries expire.
 *
 * Counted on the monotonic clock from the moment at which the last answered renewal was sent, so it ends here before anybody else can have
 * it. `ended` aborts at that time, or when somebody else has the key.
 */
export class OwnerLease {
  readonly #kv: KV;
  readonly #key: string;
  readonly #value: string;
  readonly #deps: Deps;
  readonly #ended = new AbortController();
  #revision: number;
  #endsAtMonoMs: number;
  #stopWatching = () => {};

  private constructor(
    kv: KV,
    key: string,
    value: string,
    deps: Deps,
    held: { revision: number; sentAtMonoMs: number },
  ) {
    this.#kv = kv;
    this.#key = key;
    this.#value = value;
    this.#deps = deps;
    this.#revision = held.revision;
    this.#endsAtMonoMs = held.sentAtMonoMs + leaseMs - marginMs;
    this.#watch();
    void this.#renew();
  }

  /** Waits until the key is free. @throws ABORTED with `signal`; retriable when NATS is away. */
  static async acquire(kv: KV, key: string, value: string, deps: Deps, signal: AbortSignal): Promise<OwnerLease> {
    for (;;) {
      const lease = await OwnerLease.tryAcquire(kv, key, value, deps);
      if (lease !== undefined) return lease;
      await deps.clock.sleep(lookMs * (0.5 + deps.random()), signal);
      if (signal.aborted) throw givenUp('waiting for the digest lease was given up');
    }
  }

  /** The lease, or undefined when somebody else has it. @throws retriable when NATS is away. */
  static async tryAcquire(kv: KV, key: string, value: string, deps: Deps): Promise<OwnerLease | undefined> {
    const sentAtMonoMs = deps.clock.monoMs();
    try {
      const revision = await kv.create(key, value);
      return new OwnerLease(kv, key, value, deps, { revision, sentAtMonoMs });
    } catch (error) {
      if (isWrongRevision(error)) return undefined;
      throw natsFailure(error, `asking for the lease ${key}`);
    }
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  isValid(): boolean {
    return !this.#ended.signal.aborted && this.#deps.clock.monoMs() < this.#endsAtMonoMs;
  }

  /** @throws FENCED when the lease is over. */
  demand(): void {
    if (this.isValid()) return;
    throw new EngineError('FENCED', `the digest lease ${this.#key} is over`, { retriable: false });
  }

  /** Gives the key away at once. Never throws: it expires anyway. */
  async release(): Promise<void> {
    const wasValid = this.isValid();
    this.#end();
    if (wasValid) await this.#kv.delete(this.#key, { previousSeq: this.#revision }).catch(() => undefined);
  }

  #end(): void {
    this.#stopWatching();
    this.#ended.abort();
  }

  #watch(): void {
    this.#stopWatching = this.#deps.clock.every(100, () => {
      if (!this.isValid()) this.#end();
    });
  }

  async #renew(): Promise<void> {
    let waitMs = renewMs;
    while (!this.#ended.signal.aborted) {
      await this.#deps.clock.sleep(waitMs, this.#ended.signal);
      if (!this.isValid()) return;
      const sentAtMonoMs = this.#deps.clock.monoMs();
      try {
        this.#revision = await this.#kv.update(this.#key, this.#value, this.#revision, answerLimitMs);
        this.#endsAtMonoMs = sentAtMonoMs + leaseMs - marginMs;
        waitMs = renewMs;
      } catch (error) {
        waitMs = againMs;
        if (isWrongRevision(error) && !(await this.#isStillOurs())) this.#end();
      }
    }
  }

  /** A renewal whose answer was lost has moved the revision: the value tells. */
  async #isStillOurs(): Promise<boolean> {
    const entry = await this.#kv.get(this.#key).catch(() => undefined);
    if (entry === undefined) return true;
    if (entry === null || entry.operation !== 'PUT' || entry.string() !== this.#value) return false;
    this.#revision = entry.revision;
    return true;
  }
}
