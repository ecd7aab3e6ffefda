import { setMaxListeners } from 'node:events';
import { Bell } from '../domain/bell.js';
import { EngineError, messageOf } from '../domain/errors.js';
import { partitionText, type TopicPartition } from '../domain/position.js';
import type { HeldLock, Lease, PartitionLine, PartitionLocks } from '../ports/ownership.js';
import type { Fence } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { handOver, type PartitionWork } from './hand-over.js';
import { nextMoves, type Standing } from './next-moves.js';

export interface ShareKeeperOptions {
  readonly instance: string;
  readonly topics: readonly string[];
  readonly locks: PartitionLocks;
  readonly work: PartitionWork;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Waits for a session. @throws ABORTED when `signal` aborts first. */
  session(signal: AbortSignal): Promise<{ readonly lease: Lease }>;
  /** Every partition of the topics, as Kafka has them now; none until it was asked. */
  partitions(): readonly TopicPartition[];
  /** What is taken from here on may be worked on, until `end`. */
  begin(lease: Lease): void;
  /** Everything in hand is void: nothing may be sent or committed from here on. */
  end(reason: string): void;
}

interface Slot {
  readonly partition: TopicPartition;
  standing: Standing;
  lock: HeldLock | undefined;
  /** Ends the wait in the line. */
  readonly withdraw: AbortController;
  /** A drain that took too long is not tried again before. */
  handOverAtMonoMs: number;
}

/** After engines came or went, so that many that come together are one change. */
const settleMs = 300;
const lookMs = 5_000;
/** Two looks: one may be slow. */
const linesAgeLimitMs = 2 * lookMs;
const handOverLimitMs = 120_000;
const handOverAgainMs = 30_000;

/**
 * Shares the partitions of the topics with the other engines of the group: takes its part, and hands over what shall be another's.
 *
 * There is one session, and one lease for all that is held under it. The end of the lease voids everything in hand, and so does the loss of
 * one lock, but then what else is held stays ours and is begun again. One partition is handed over at a time; the others go on.
 */
export class ShareKeeper {
  readonly #options: ShareKeeperOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #bell = new Bell();
  #lines: readonly PartitionLine[] = [];
  #lookedAtMonoMs = 0;
  #lease: Lease | undefined;
  /** Aborts when the present term ends. */
  #term = new AbortController();
  #isLeaving = false;
  /** Aborts when there is no time left to leave in good order. */
  readonly #hurry = new AbortController();
  #isHandingOver = false;
  #handingOver: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ShareKeeperOptions) {
    this.#options = options;
    this.#term.abort();
  }

  /** Who owned what when this engine looked last, at most ten seconds ago; none when it could not look since. */
  get lines(): readonly PartitionLine[] {
    return this.#options.clock.monoMs() - this.#lookedAtMonoMs > linesAgeLimitMs ? [] : this.#lines;
  }

  /** Engines have come or gone, or Kafka has other partitions. */
  changed(): void {
    this.#bell.ring();
  }

  /**
   * Resolves when `stop` aborts. What is held then is still ours, for `leave` to drain and hand over, and is watched until `release`.
   * @throws whatever waiting cannot cure, such as RIGHT_MISSING.
   */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const { lease } = await this.#options.session(stop);
        if (!stop.aborted && !lease.ended.aborted) await this.#share(lease, stop);
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    }
    this.#isLeaving = true;
  }

  /** Hands over all that is held, each as soon as it is drained and committed; what is not when `signal` aborts stays for `release`. */
  async leave(signal: AbortSignal): Promise<void> {
    this.#isLeaving = true;
    // What is being handed over to another engine already has no more time than the rest.
    if (signal.aborted) this.#hurry.abort();
    else signal.addEventListener('abort', () => this.#hurry.abort(), { once: true });
    try {
      await this.#options.locks.leave();
    } catch (error) {
      // Our name ends with the session at the latest.
      if (!isPassing(error)) throw error;
    }
    const held = [...this.#slots.values()].filter(({ standing }) => standing === 'held');
    await Promise.all([this.#handingOver, ...held.map((slot) => this.#handOver(slot, signal))]);
  }

  /** Ends the term, so that nothing is sent from here on, and releases what is left. Bounded by the caller. */
  async release(): Promise<void> {
    this.#end('released');
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    await Promise.all(slots.map(({ lock }) => lock?.release()));
  }

  /** A commit was refused: the lock of this fence is ours no more. */
  fenced(fence: Fence): void {
    for (const slot of this.#slots.values()) {
      if (slot.lock?.fence.lockPath === fence.lockPath) this.#lost(slot, 'fenced');
    }
  }

  async #share(lease: Lease, stop: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#lease = lease;
    this.#begin(lease);
    lease.ended.addEventListener('abort', () => this.#leaseEnded(), { once: true });
    const over = AbortSignal.any([stop, lease.ended]);
    // One listener per partition.
    for (const signal of [over, lease.ended]) setMaxListeners(0, signal);
    while (!over.aborted && this.#failure === undefined) {
      const heardCount = this.#bell.rungCount;
      const waitMs = (await this.#round(over)) ? lookMs : settleMs;
      if (await this.#bell.wait(waitMs, clock, over, heardCount)) await clock.sleep(settleMs, over);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Looks, and begins whatever is to be done; true when all is as it shall be. */
  async #round(over: AbortSignal): Promise<boolean> {
    const { locks, instance, topics, telemetry } = this.#options;
    const partitions = this.#options.partitions();
    if (partitions.length === 0) return true;
    try {
      await locks.join(topics);
      const { sharers, lines } = await locks.look(partitions, () => this.changed());
      if (over.aborted) return true;
      this.#lines = lines;
      this.#lookedAtMonoMs = this.#options.clock.monoMs();
      const moves = nextMoves(instance, sharers, lines, (at) => this.#slots.get(partitionText(at))?.standing);
      for (const partition of moves.withdraw) this.#slots.get(partitionText(partition))?.withdraw.abort();
      for (const partition of moves.claim) void this.#claim(partition, over);
      this.#handOverInTurn(moves.handOver);
      return moves.isSettled;
    } catch (error) {
      if (!isPassing(error)) throw error;
      telemetry.event('share_unknown', { detail: messageOf(error) });
      return false;
    }
  }

  async #claim(partition: TopicPartition, over: AbortSignal): Promise<void> {
    const slot: Slot = {
      partition,
      standing: 'waiting',
      lock: undefined,
      withdraw: new AbortController(),
      handOverAtMonoMs: 0,
    };
    this.#slots.set(partitionText(partition), slot);
    const { locks, telemetry, work } = this.#options;
    const waiting = AbortSignal.any([over, slot.withdraw.signal]);
    try {
      const lock = await locks.acquire(partition, waiting);
      if (waiting.aborted) {
        this.#forget(slot);
        await lock.release();
        return;
      }
      slot.standing = 'held';
      slot.lock = lock;
      telemetry.event('partition_taken', {
        ...partition,
        lock: lock.fence.lockPath,
        epoch: lock.fence.epoch.toString(),
      });
      work.take(partition, lock);
      lock.lost.addEventListener('abort', () => this.#lost(slot, 'lock_lost'), { once: true });
      if (lock.lost.aborted) this.#lost(slot, 'lock_lost');
      this.changed();
    } catch (error) {
      this.#forget(slot);
      this.#failed(error);
    }
  }

  /** One after the other; the next round begins what is left. */
  #handOverInTurn(partitions: readonly TopicPartition[]): void {
    if (this.#isHandingOver) return;
    this.#isHandingOver = true;
    const inTurn = async () => {
      for (const partition of partitions) {
        const slot = this.#slots.get(partitionText(partition));
        if (this.#isLeaving || slot?.standing !== 'held') continue;
        if (this.#options.clock.monoMs() < slot.handOverAtMonoMs) continue;
        const limit = this.#options.clock.limit(handOverLimitMs);
        await this.#handOver(slot, AbortSignal.any([limit.signal, this.#hurry.signal]));
        limit.clear();
      }
    };
    this.#handingOver = inTurn()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#isHandingOver = false;
      });
  }

  async #handOver(slot: Slot, signal: AbortSignal): Promise<void> {
    const { work, clock, telemetry } = this.#options;
    const { partition } = slot;
    const term = this.#term.signal;
    const startedAtMonoMs = clock.monoMs();
    slot.standing = 'leaving';
    const how = await handOver(partition, work, clock, AbortSignal.any([term, signal]));
    if (term.aborted || !this.#isOurs(slot)) return;
    if (how === 'postponed') {
      const unfinished = work.inFlowCount(partition);
      telemetry.event('hand_over_postponed', { ...partition, unfinished });
      if (this.#isLeaving) return;
      slot.standing = 'held';
      slot.handOverAtMonoMs = clock.monoMs() + handOverAgainMs;
      work.goOn(partition);
      return;
    }
    this.#forget(slot);
    work.leave(partition);
    await slot.lock?.release();
    const elapsedMs = Math.round(clock.monoMs() - startedAtMonoMs);
    telemetry.event('partition_handed_over', { ...partition, elapsed_ms: elapsedMs });
  }

  #begin(lease: Lease): void {
    this.#term = new AbortController();
    this.#options.begin(lease);
    for (const slot of this.#slots.values()) {
      if (slot.lock === undefined) continue;
      slot.standing = 'held';
      this.#options.work.take(slot.partition, slot.lock);
    }
  }

  #end(reason: string): void {
    if (this.#term.signal.aborted) return;
    this.#term.abort();
    this.#options.end(reason);
  }

  #leaseEnded(): void {
    this.#end('lease_ended');
    this.#slots.clear();
    this.#lines = [];
  }

  /** One lock is gone. What is in hand cannot be told apart, so all of it is void; the other locks stay ours, and nobody waits for them. */
  #lost(slot: Slot, reason: string): void {
    const lease = this.#lease;
    if (!this.#isOurs(slot) || lease === undefined || lease.ended.aborted) return;
    this.#forget(slot);
    this.#end(reason);
    if (this.#isLeaving) return;
    this.#begin(lease);
    this.changed();
  }

  #isOurs(slot: Slot): boolean {
    return this.#slots.get(partitionText(slot.partition)) === slot;
  }

  #forget(slot: Slot): void {
    if (this.#isOurs(slot)) this.#slots.delete(partitionText(slot.partition));
  }

  #failed(error: unknown): void {
    if (isPassing(error)) return;
    this.#failure ??= { error };
    this.changed();
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof EngineError && error.retriable;
}
