import { EngineError, messageOf } from '../domain/errors.js';
import { type NonEmpty, partitionText, type TopicPartition } from '../domain/position.js';
import type { Lease } from '../ports/ownership.js';
import type { Commit, Fence, OffsetStore, OffsetTracker, StoredOffset } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import { partitionLabels } from '../telemetry/partition-labels.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { type StuckHead, StuckHeadWatch, stuckHeads } from './stuck-head.js';

const roundMs = 1000;
const lookMs = 100;
const retryMs = 200;

export interface CommitLoopParts {
  readonly tracker: OffsetTracker;
  readonly store: OffsetStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** `zookeeper.max_offset_lag`; undefined: no head ever counts as stuck. */
  readonly maxHeadAgeMs: number | undefined;
  /** True for topics of which a head may wait for its time, and is never stuck. */
  readonly isPatient?: (topic: string) => boolean;
  /** The lease of the present session; undefined while there is none. */
  lease(): Lease | undefined;
  /** The lock under which a partition is owned; undefined: not ours, and so not committed. */
  fenceOf(partition: TopicPartition): Fence | undefined;
  /** Called after each commit, for the mirror and for readers that wait for the window. */
  onCommitted(commits: NonEmpty<Commit>): void;
  /** Called before each commit, whose answer may be lost. */
  onCommitting(commits: NonEmpty<Commit>): void;
  /** The lock node of this fence is gone. May be called again until its partitions are closed. */
  onFenced(fence: Fence): void;
}

type Saved = 'saved' | 'postponed' | 'fenced';

/**
 * Carries the tracker's progress to the store: each open partition once a second when its position or its finished set has changed, sooner
 * when half of its span is used and a commit would make room.
 *
 * Commits only while the lease holds, and never two at once. A store that cannot be reached is tried again in the next round; a lost lock
 * is told; anything else ends `run`.
 */
export class CommitLoop {
  readonly #parts: CommitLoopParts;
  readonly #watch: StuckHeadWatch;
  readonly #saved = new Map<string, StoredOffset>();
  #last: Promise<unknown> = Promise.resolve();
  #failing = false;
  #stuck: readonly StuckHead[] = [];
  #seen: readonly TopicPartition[] = [];

  constructor(parts: CommitLoopParts) {
    this.#parts = parts;
    this.#watch = new StuckHeadWatch(parts.telemetry);
  }

  /** Runs until `signal` aborts. @throws what the store throws for good, such as RIGHT_MISSING. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, tracker } = this.#parts;
    let roundAtMonoMs = clock.monoMs() + roundMs;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal);
      if (signal.aborted) return;
      const isRound = clock.monoMs() >= roundAtMonoMs;
      if (isRound) roundAtMonoMs = clock.monoMs() + roundMs;
      if (isRound) this.#observe();
      const due = isRound ? tracker.openPartitions() : tracker.openPartitions().filter((at) => this.#wantsRoom(at));
      if (due.length > 0) await this.#inTurn(due);
    }
  }

  /**
   * Commits at once what is committable now, for a drain or a hand-over, and tries again while the store cannot be reached.
   *
   * True when all of it is stored; false when the lease or a lock was lost, or `signal` aborted first.
   */
  async flush(signal: AbortSignal, partitions = this.#parts.tracker.openPartitions()): Promise<boolean> {
    for (;;) {
      const saved = await this.#inTurn(partitions);
      if (saved !== 'postponed') return saved === 'saved';
      if (signal.aborted || !this.#leaseHolds()) return false;
      await this.#parts.clock.sleep(retryMs, signal);
      if (signal.aborted) return false;
    }
  }

  /** As of the last round, for the readiness details. */
  stuckHeads(): readonly StuckHead[] {
    return this.#stuck;
  }

  #inTurn(partitions: readonly TopicPartition[]): Promise<Saved> {
    const turn = this.#last.then(() => this.#commit(partitions));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #commit(partitions: readonly TopicPartition[]): Promise<Saved> {
    const byLock = new Map<string, { fence: Fence; commits: [Commit, ...Commit[]] }>();
    for (const partition of partitions) {
      const fence = this.#parts.fenceOf(partition);
      const stored = this.#parts.tracker.committable(partition);
      if (fence === undefined || stored === undefined || this.#isSaved(partition, stored)) continue;
      const group = byLock.get(fence.lockPath);
      if (group === undefined) byLock.set(fence.lockPath, { fence, commits: [{ partition, stored }] });
      else group.commits.push({ partition, stored });
    }
    let worst: Saved = 'saved';
    for (const { fence, commits } of byLock.values()) {
      const saved = await this.#save(commits, fence);
      if (saved === 'fenced' || worst === 'saved') worst = saved;
    }
    return worst;
  }

  async #save(commits: NonEmpty<Commit>, fence: Fence): Promise<Saved> {
    const { clock, store, telemetry, tracker } = this.#parts;
    if (!this.#leaseHolds()) return 'postponed';
    const startedAtMonoMs = clock.monoMs();
    this.#parts.onCommitting(commits);
    try {
      await store.save(commits, fence);
    } catch (error) {
      return this.#failed(error, commits, fence);
    }
    telemetry.observe('commit_seconds', (clock.monoMs() - startedAtMonoMs) / 1000);
    if (this.#failing) telemetry.event('commit_resumed');
    this.#failing = false;
    for (const { partition, stored } of commits) {
      this.#saved.set(partitionText(partition), stored);
      tracker.committed(partition, stored.nextToRead);
    }
    this.#parts.onCommitted(commits);
    return 'saved';
  }

  #failed(error: unknown, commits: NonEmpty<Commit>, fence: Fence): Saved {
    const { telemetry } = this.#parts;
    if (!(error instanceof EngineError)) throw error;
    // The outcome is unknown, so the same position must be written again even if nothing moves.
    for (const { partition } of commits) this.#saved.delete(partitionText(partition));
    if (error.code === 'FENCED') {
      telemetry.event('commit_fenced', { lock: fence.lockPath });
      this.#parts.onFenced(fence);
      return 'fenced';
    }
    if (!error.retriable) throw error;
    if (!this.#failing) telemetry.event('commit_delayed', { code: error.code, reason: messageOf(error) });
    this.#failing = true;
    return 'postponed';
  }

  #leaseHolds(): boolean {
    const lease = this.#parts.lease();
    return lease !== undefined && !lease.ended.aborted && lease.endsAtMonoMs() > this.#parts.clock.monoMs();
  }

  #isSaved(partition: TopicPartition, stored: StoredOffset): boolean {
    const saved = this.#saved.get(partitionText(partition));
    return (
      saved !== undefined &&
      saved.nextToRead === stored.nextToRead &&
      Buffer.compare(saved.finishedAbove, stored.finishedAbove) === 0
    );
  }

  /** A head that does not move is no reason to hurry: a commit would make no room. */
  #wantsRoom(partition: TopicPartition): boolean {
    const { tracker } = this.#parts;
    const { used, capacity } = tracker.window(partition);
    if (used * 2 < capacity) return false;
    const { read, committed } = tracker.progress(partition);
    const head = tracker.oldestUnfinished(partition)?.offset ?? read;
    return Number(head - committed) * 4 >= capacity;
  }

  #observe(): void {
    const { clock, isPatient, maxHeadAgeMs, telemetry, tracker } = this.#parts;
    const open = tracker.openPartitions();
    const names = new Set(open.map(partitionText));
    const known = new Set(this.#seen.map(partitionText));
    for (const partition of this.#seen) {
      if (names.has(partitionText(partition))) continue;
      this.#saved.delete(partitionText(partition));
      telemetry.gauge('window', 0, partitionLabels(partition));
      telemetry.gauge('oldest_unfinished_seconds', 0, partitionLabels(partition));
    }
    this.#seen = open;
    for (const partition of open) {
      const { read, committed } = tracker.progress(partition);
      const head = tracker.oldestUnfinished(partition);
      const ageMs = head === undefined ? 0 : clock.monoMs() - head.begunAtMonoMs;
      telemetry.gauge('read_offset', Number(read), partitionLabels(partition));
      telemetry.gauge('committed_offset', Number(committed), partitionLabels(partition));
      telemetry.gauge('window', tracker.window(partition).used, partitionLabels(partition));
      telemetry.gauge('oldest_unfinished_seconds', ageMs / 1000, partitionLabels(partition));
      if (!known.has(partitionText(partition))) telemetry.gauge('stuck_head', 0, partitionLabels(partition));
    }
    this.#stuck = maxHeadAgeMs === undefined ? [] : stuckHeads(tracker, maxHeadAgeMs, clock.monoMs(), isPatient);
    this.#watch.saw(this.#stuck);
  }
}
