import type { Clock } from '../ports/system.js';

/** `notBeforeMonoMs`: the turn that would have been its own, were it not too far away to wait for. */
export type Turn = Readonly<{ kind: 'go' | 'aborted' } | { kind: 'put_off'; notBeforeMonoMs: number }>;

interface Bucket {
  /** When the bucket will be full again. */
  fullAtMonoMs: number;
  /** Turns up to here were promised to what was put off. */
  promisedMonoMs: number;
  /** Asked for by the receiver: nothing before. */
  heldUntilMonoMs: number;
}

/** What has its turn sooner waits for it in hand. */
const patienceMs = 2_000;
/** How much may go out at once after a rest, in seconds of the rate. */
const burstSeconds = 5;
const mostKeptCount = 50_000;
/** Nobody is put off for longer, where turns are not that far apart: whoever comes back asks for a turn again, and may find the way free. */
const longestPutOffMs = 300_000;
/** What is put off comes back some seconds after its turn at the latest. Unused for longer, turns were promised to what never comes. */
const unusedAfterMs = 10_000;

/**
 * A token bucket per name: no more than so many sends a second in the long run, with short bursts, and none at all while the receiver asked
 * for a pause.
 *
 * Rates are the whole engine's, shared out evenly among the workers that send. What would wait too long is put off, each to a turn of its
 * own, so that it does not come back all at once; of many, several to one turn, and it goes to who is there first. What was put off may end
 * otherwise, so turns that nobody takes are forgotten.
 */
export class SendPace {
  readonly #clock: Clock;
  readonly #senders: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, senders: number) {
    this.#clock = clock;
    this.#senders = senders;
  }

  /** Waits for a turn under `perSecond`, or for the end of a pause only, where there is no rate. */
  async turn(name: string, perSecond: number | undefined, signal: AbortSignal): Promise<Turn> {
    if (perSecond === undefined && !this.#buckets.has(name)) return { kind: 'go' };
    const nowMonoMs = this.#clock.monoMs();
    const bucket = this.#bucketOf(name, nowMonoMs);
    const share = perSecond === undefined ? undefined : perSecond / this.#senders;
    const intervalMs = share === undefined ? 0 : 1000 / share;
    const burst = share === undefined ? 1 : Math.max(1, Math.floor(share * burstSeconds));
    const freeAtMonoMs = Math.max(bucket.heldUntilMonoMs, bucket.fullAtMonoMs - (burst - 1) * intervalMs);
    if (nowMonoMs - Math.max(bucket.heldUntilMonoMs, bucket.fullAtMonoMs) > unusedAfterMs) bucket.promisedMonoMs = 0;
    if (freeAtMonoMs - nowMonoMs > patienceMs) {
      bucket.promisedMonoMs = nextPromise(bucket.promisedMonoMs, freeAtMonoMs, intervalMs);
      return { kind: 'put_off', notBeforeMonoMs: bucket.promisedMonoMs };
    }
    bucket.fullAtMonoMs = Math.max(bucket.fullAtMonoMs, freeAtMonoMs, nowMonoMs) + intervalMs;
    if (freeAtMonoMs > nowMonoMs) await this.#clock.sleep(freeAtMonoMs - nowMonoMs, signal);
    return { kind: signal.aborted ? 'aborted' : 'go' };
  }

  /** The receiver asked for a pause of `ms`. */
  hold(name: string, ms: number): void {
    const nowMonoMs = this.#clock.monoMs();
    const bucket = this.#bucketOf(name, nowMonoMs);
    bucket.heldUntilMonoMs = Math.max(bucket.heldUntilMonoMs, nowMonoMs + ms);
  }

  /** Names that something is remembered of. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Those used last are at the end; a bucket that is full again is as good as none. */
  #bucketOf(name: string, nowMonoMs: number): Bucket {
    const bucket = this.#buckets.get(name) ?? { fullAtMonoMs: 0, promisedMonoMs: 0, heldUntilMonoMs: 0 };
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    for (const [oldest, { fullAtMonoMs, heldUntilMonoMs }] of this.#buckets) {
      if (oldest === name) break;
      const isIdle = Math.max(fullAtMonoMs, heldUntilMonoMs) <= nowMonoMs;
      if (!isIdle && this.#buckets.size <= mostKeptCount) break;
      this.#buckets.delete(oldest);
    }
    return bucket;
  }
}

/** One turn after the last one that was promised. After the last one that may be promised it goes on with the later half of them. */
function nextPromise(promisedMonoMs: number, freeAtMonoMs: number, intervalMs: number): number {
  const next = Math.max(promisedMonoMs, freeAtMonoMs) + intervalMs;
  const longestMs = Math.max(longestPutOffMs, intervalMs);
  return next <= freeAtMonoMs + longestMs ? next : freeAtMonoMs + Math.max(longestMs / 2, intervalMs);
}
