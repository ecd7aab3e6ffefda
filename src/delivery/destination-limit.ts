import type { Clock } from '../ports/system.js';

type Entry = 'entered' | 'aborted' | 'put_off';

interface Destination {
  sendingCount: number;
  /** First come first served; each is called once. */
  readonly waiting: ((entry: Entry) => void)[];
  /** Mean time from one end of a send to the next while others wait; 0 until it is known. */
  meanIntervalMs: number;
  /** When a send last ended, or the first of those under way began. */
  progressedAtMonoMs: number;
  /** How long nothing has ended, as far as this process was there to see it. */
  stillMs: number;
}

/**
 * Nobody waits for a place that is not to be had within this time: a hand that waits is one that others lack. Longer where sends keep
 * ending, however slowly: putting off costs a record and a detour, and a machine that is too busy slows all receivers.
 */
const patienceMs = { silent: 20_000, slow: 60_000 } as const;
/**
 * A shorter silence tells nothing of the next minutes: receivers start, collect garbage, lose a packet. TCP sends a lost SYN again after 1 s
 * and then after 2 s more (RFC 6298, section 2).
 */
const hiccupMs = 3_000;
const lookEveryMs = 250;
/** Weight of the newest interval in the mean: two full rounds of the usual share count. */
const newestWeight = 1 / 32;

/**
 * How many sends go to one destination at a time, first come first served; other destinations are not held up.
 *
 * The limit is the whole engine's, shared out evenly among the workers that send, at least one each. How many may wait follows from how
 * fast sends end there: a burst for a healthy receiver waits, and what would wait for too long, as behind a host that hangs, is put off, the
 * newest first. A destination is forgotten with its last send.
 */
export class DestinationLimit {
  readonly #mostCount: number;
  readonly #clock: Clock;
  readonly #destinations = new Map<string, Destination>();
  readonly #crowded = new Set<Destination>();
  #stopLooking: (() => void) | undefined;
  #lookedAtMonoMs = 0;

  constructor(limits: { readonly concurrencyPerDestination: number; readonly senders: number }, clock: Clock) {
    this.#mostCount = Math.max(1, Math.ceil(limits.concurrencyPerDestination / limits.senders));
    this.#clock = clock;
  }

  /** `entered` is with a place, which `leave` gives back. `put_off`: it would take too long. `aborted`: `signal` was first. */
  async enter(name: string, signal: AbortSignal): Promise<Entry> {
    if (signal.aborted) return 'aborted';
    const destination = this.#destinations.get(name) ?? this.#newDestination(name);
    if (destination.sendingCount < this.#mostCount) {
      destination.sendingCount += 1;
      return 'entered';
    }
    return new Promise((resolve) => {
      const withdraw = () => {
        destination.waiting.splice(destination.waiting.indexOf(end), 1);
        resolve('aborted');
      };
      const end = (entry: Entry) => {
        signal.removeEventListener('abort', withdraw);
        resolve(entry);
      };
      destination.waiting.push(end);
      signal.addEventListener('abort', withdraw, { once: true });
      this.#crowd(destination);
    });
  }

  /** Hands the place to whoever has waited longest. */
  leave(name: string): void {
    const destination = this.#destinations.get(name);
    if (destination === undefined) return;
    const nowMonoMs = this.#clock.monoMs();
    if (destination.waiting.length > 0) {
      const intervalMs = Math.min(nowMonoMs - destination.progressedAtMonoMs, destination.stillMs + lookEveryMs);
      destination.meanIntervalMs += (intervalMs - destination.meanIntervalMs) * newestWeight;
    }
    destination.progressedAtMonoMs = nowMonoMs;
    destination.stillMs = 0;
    const next = destination.waiting.shift();
    if (next !== undefined) {
      next('entered');
      return;
    }
    destination.sendingCount -= 1;
    if (destination.sendingCount === 0) this.#destinations.delete(name);
  }

  /** Destinations with sends at present. */
  get size(): number {
    return this.#destinations.size;
  }

  #newDestination(name: string): Destination {
    const progressedAtMonoMs = this.#clock.monoMs();
    const destination = { sendingCount: 0, waiting: [], meanIntervalMs: 0, progressedAtMonoMs, stillMs: 0 };
    this.#destinations.set(name, destination);
    return destination;
  }

  #crowd(destination: Destination): void {
    this.#crowded.add(destination);
    this.#thin(destination);
    this.#stopLooking ??= this.#clock.every(lookEveryMs, () => this.#look());
  }

  /**
   * Where nothing moves nothing happens either, so time has to be looked at. It is counted in looks: what a process was kept from seeing, by
   * a machine that is too busy, is not the receiver's silence.
   */
  #look(): void {
    const nowMonoMs = this.#clock.monoMs();
    if (nowMonoMs - this.#lookedAtMonoMs < lookEveryMs / 2) return;
    this.#lookedAtMonoMs = nowMonoMs;
    for (const destination of this.#crowded) {
      destination.stillMs += lookEveryMs;
      this.#thin(destination);
    }
    if (this.#crowded.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  #thin(destination: Destination): void {
    const { waiting, sendingCount, meanIntervalMs, stillMs } = destination;
    // All under way for so long without one end: the next one cannot be expected sooner than this.
    const leastIntervalMs = stillMs < hiccupMs ? 0 : stillMs / Math.max(1, sendingCount);
    const room = Math.floor(Math.min(patienceMs.slow / meanIntervalMs, patienceMs.silent / leastIntervalMs));
    while (waiting.length > room) waiting.pop()?.('put_off');
    if (waiting.length === 0) this.#crowded.delete(destination);
  }
}
