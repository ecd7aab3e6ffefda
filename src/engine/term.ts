import { EngineError, messageOf } from '../domain/errors.js';
import type { FinishReason } from '../domain/outcome.js';
import { type AlarmPosition, type Offset, partitionText, type TopicPartition } from '../domain/position.js';
import type { HeldLock } from '../ports/ownership.js';
import type { Commit, Fence, OffsetStore, OffsetTracker, StoredOffset } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import { partitionLabels } from '../telemetry/partition-labels.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Carry } from './carry.js';
import { type KnownPartition, newlyKnown, startingAt, windowStart } from './known-partition.js';

/** Where to read on: nothing of it is known for a partition that was never read. */
export type ReadFrom = Partial<StoredOffset> & { readonly committed?: Offset };

/** The sources of one term: the worker that reads the topic of the partition. */
export interface Source {
  resume(partition: TopicPartition, from: ReadFrom): void;
  pause(partition: TopicPartition): void;
}

export interface TermOptions {
  readonly number: number;
  /** Of the whole topic, and all that goes with it; undefined when each partition is owned under a lock of its own. */
  readonly lock: HeldLock | undefined;
  /** Of every other topic the source holds what it reads until that is due. */
  readonly alarmTopic: string;
  readonly tracker: OffsetTracker;
  readonly store: OffsetStore;
  readonly carry: Carry;
  readonly source: Source;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  onFailure(error: EngineError): void;
}

const loadAgainAfterMs = 1_000;

/**
 * One stretch of time in which this engine works under one lease: opens its partitions where they were left, and remembers how far each came.
 *
 * Owns the whole topic from its first moment, or single partitions that are taken and left one by one. A term ends with its lease or a lock,
 * and never comes back.
 */
export class Term {
  readonly number: number;
  readonly #options: TermOptions;
  readonly #known = new Map<string, KnownPartition>();
  readonly #halted = new Map<string, TopicPartition>();
  readonly #ended = new AbortController();

  constructor(options: TermOptions) {
    this.number = options.number;
    this.#options = options;
  }

  /** True while there is something to work on: with a lock of the topic always. */
  get isActive(): boolean {
    return this.#options.lock !== undefined || this.#known.size > 0;
  }

  /** Partitions that are not read until an operator decides. */
  get halted(): readonly TopicPartition[] {
    return [...this.#halted.values()];
  }

  /** All partitions of the topic as Kafka has them now. New ones are taken up with the topic; one that is gone is asked for no more. */
  partitionsSeen(topic: string, partitions: readonly number[]): void {
    const { lock } = this.#options;
    if (lock !== undefined) for (const partition of partitions) this.take({ topic, partition }, lock);
  }

  /** Opens the partition, unless it is known: it is owned under this lock. */
  take(partition: TopicPartition, lock: HeldLock): void {
    if (this.#known.has(partitionText(partition))) return;
    const known = newlyKnown(partition, lock);
    this.#known.set(partitionText(partition), known);
    // A counter that is born at its first loss has not risen for those who ask how much it rose.
    this.#options.telemetry.count('skipped_by_broker_total', partitionLabels(partition), 0);
    void this.#load(known);
  }

  /** Begins nothing more of the partition; what is in the flow goes on. */
  pause(partition: TopicPartition): void {
    const known = this.#known.get(partitionText(partition));
    if (known === undefined) return;
    known.isPaused = true;
    this.#options.source.pause(partition);
  }

  /** Reads on after a pause. */
  goOn(partition: TopicPartition): void {
    const known = this.#known.get(partitionText(partition));
    if (known === undefined) return;
    known.isPaused = false;
    this.#readOn(known);
  }

  /** How many of its alarms are in the flow. */
  inFlowCount(partition: TopicPartition): number {
    const known = this.#known.get(partitionText(partition));
    if (known?.state !== 'open') return 0;
    const isHeld = partition.topic !== this.#options.alarmTopic;
    return isHeld ? known.released.size : this.#options.tracker.progress(partition).unfinished;
  }

  /** Forgets the partition, which is drained and committed. */
  leave(partition: TopicPartition): void {
    this.#known.delete(partitionText(partition));
    this.#halted.delete(partitionText(partition));
    this.#options.tracker.close(partition);
  }

  /** Undefined for a partition that is not ours. */
  fenceOf(partition: TopicPartition): Fence | undefined {
    return this.#known.get(partitionText(partition))?.lock.fence;
  }

  /**
   * The source of a topic was replaced and knows nothing. It goes on where reading had come to; a source that holds begins again at the first
   * unfinished position, since what it held is known to no one else.
   */
  sourceReplaced(topic: string): void {
    for (const known of this.#known.values())
      if (known.partition.topic === topic && !known.isPaused) this.#readOn(known);
  }

  /**
   * Reading begins, or goes on behind a hole that retention made.
   * @throws PROTOCOL_VIOLATED when it begins elsewhere than asked for: what lies between would be lost without a word.
   */
  positioned(partition: TopicPartition, nextToRead: Offset, skipped: bigint): void {
    const known = this.#known.get(partitionText(partition));
    if (known === undefined || known.state === 'loading') return;
    if (known.state === 'asked' && known.stored !== undefined && known.stored.nextToRead + skipped !== nextToRead) {
      const text = `${partitionText(partition)} is read from ${nextToRead}, not from ${known.stored.nextToRead}`;
      throw new EngineError('PROTOCOL_VIOLATED', text, { retriable: false });
    }
    if (skipped > 0n) this.#skipped(partition, nextToRead, skipped);
    if (known.state === 'open') {
      this.#vanished({ ...partition, offset: nextToRead });
      return;
    }
    known.state = 'open';
    this.#halted.delete(partitionText(partition));
    this.#options.tracker.open(partition, startingAt(nextToRead, known.stored));
    this.#options.telemetry.event('partition_positioned', { ...partition, offset: nextToRead });
  }

  /** The topic ends before our position: it was made anew. Nobody but an operator knows what to do. */
  halt(partition: TopicPartition, at: { nextToRead: Offset; logStart: Offset; logEnd: Offset }): void {
    const known = this.#known.get(partitionText(partition));
    if (known === undefined) return;
    known.state = 'halted';
    const text = `${partitionText(partition)} goes on at ${at.nextToRead} but Kafka holds ${at.logStart} to ${at.logEnd}: was the topic made anew? Set the position with: mon-notification offsets set ${partitionText(partition)}=OFFSET`;
    this.#halted.set(partitionText(partition), partition);
    this.#options.telemetry.event('partition_halted', { ...partition, offset: at.nextToRead, detail: text });
  }

  /** False for an alarm that is not to be handed out: finished before, or of a partition that is not open. */
  begin(position: AlarmPosition): boolean {
    if (this.#openOf(position) === undefined) return false;
    const isNew = this.#options.tracker.begin(position) === 'begun';
    if (isNew) this.#options.telemetry.count('alarms_read_total');
    return isNew;
  }

  /** A source holds this position until it is due. Held again after a death it stays what it was: unfinished, in the flow, or finished. */
  hold(position: AlarmPosition): void {
    if (this.#openOf(position) === undefined) return;
    const { tracker } = this.#options;
    if (position.offset >= tracker.progress(position).read) tracker.begin(position);
  }

  /** True once for each held position: it is due and enters the flow. False for one that is there already, and for one that is finished. */
  release(position: AlarmPosition): boolean {
    const known = this.#openOf(position);
    if (known === undefined || known.released.has(position.offset) || !this.#options.tracker.isUnfinished(position))
      return false;
    known.released.add(position.offset);
    return true;
  }

  /** A held position has ended in its source. One that is in the flow ends there. */
  drop(position: AlarmPosition): void {
    const known = this.#known.get(partitionText(position));
    if (known?.released.has(position.offset) === false) this.#options.tracker.finish(position);
  }

  finish(position: AlarmPosition, reason: FinishReason): void {
    this.#known.get(partitionText(position))?.released.delete(position.offset);
    const isFinished = this.#options.tracker.finish(position) === 'finished';
    if (isFinished && position.topic === this.#options.alarmTopic) {
      this.#options.telemetry.count('alarms_finished_total', { reason });
    }
  }

  /** A commit is on its way: should its answer be lost, this may be what is stored. */
  committing(commits: readonly Commit[]): void {
    for (const { partition, stored } of commits) {
      const known = this.#known.get(partitionText(partition));
      if (known !== undefined) known.attempted = stored;
    }
  }

  committed(commits: readonly Commit[]): void {
    for (const { partition, stored } of commits) {
      const known = this.#known.get(partitionText(partition));
      if (known !== undefined) known.saved = stored;
    }
  }

  /** Gives everything up, but remembers how far it came. */
  end(): void {
    this.#ended.abort();
    const { tracker, carry } = this.#options;
    for (const { partition, state, saved, attempted, stored } of this.#known.values()) {
      const reached = tracker.committable(partition) ?? stored;
      const ours = attempted === undefined ? [saved] : [saved, attempted];
      if (state !== 'loading' && reached !== undefined) carry.keep(partition, ours, reached);
      tracker.close(partition);
    }
    this.#known.clear();
  }

  /** The partition, if what is read of it is to be begun. */
  #openOf(position: TopicPartition): KnownPartition | undefined {
    const known = this.#known.get(partitionText(position));
    return known?.state === 'open' && !known.isPaused ? known : undefined;
  }

  async #load(known: KnownPartition): Promise<void> {
    const { partition } = known;
    const { store, carry, clock, telemetry, onFailure } = this.#options;
    const isOver = () => this.#ended.signal.aborted || this.#known.get(partitionText(partition)) !== known;
    while (!isOver()) {
      try {
        const stored = await store.load(partition);
        if (isOver()) return;
        // A commit of ours that was on its way when the term began may have been told meanwhile: it is the newer word.
        known.saved ??= stored;
        known.stored = carry.onto(partition, stored);
        this.#ask(known);
        return;
      } catch (error) {
        if (error instanceof EngineError && !error.retriable) {
          onFailure(error);
          return;
        }
        telemetry.event('offset_load_failed', { ...partition, detail: messageOf(error) });
        await clock.sleep(loadAgainAfterMs, this.#ended.signal);
      }
    }
  }

  #ask(known: KnownPartition): void {
    known.state = 'asked';
    if (known.isPaused) return;
    const { partition, stored } = known;
    const start = windowStart(known);
    const committed = start === undefined ? {} : { committed: start };
    this.#options.source.resume(partition, { ...stored, ...committed });
  }

  #readOn(known: KnownPartition): void {
    if (known.state === 'asked') this.#ask(known);
    if (known.state !== 'open') return;
    const { tracker, source, alarmTopic } = this.#options;
    const { read, committed } = tracker.progress(known.partition);
    const from = known.partition.topic === alarmTopic ? { nextToRead: read } : tracker.committable(known.partition);
    source.resume(known.partition, { ...from, committed: windowStart(known) ?? committed });
  }

  /** What was held below this offset is gone from its topic, and will not be held again. */
  #vanished(limit: AlarmPosition): void {
    if (limit.topic === this.#options.alarmTopic) return;
    for (const offset of this.#options.tracker.unfinishedBelow(limit)) this.drop({ ...limit, offset });
  }

  #skipped(partition: TopicPartition, nextToRead: Offset, skipped: bigint): void {
    this.#options.telemetry.count('skipped_by_broker_total', partitionLabels(partition), Number(skipped));
    this.#options.telemetry.event('offsets_skipped', { ...partition, offset: nextToRead, skipped });
  }
}
