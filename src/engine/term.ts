import { type EngineError, EngineError as Failure, messageOf } from '../domain/errors.js';
import type { FinishReason } from '../domain/outcome.js';
import {
  type AlarmPosition,
  type Offset,
  partitionText,
  positionText,
  type TopicPartition,
} from '../domain/position.js';
import type { HeldLock } from '../ports/ownership.js';
import type { Commit, OffsetStore, OffsetTracker, StoredOffset } from '../ports/progress.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { finishedBits, setBits } from '../tracker/finished-set.js';
import { type Carry, plainOffset } from './carry.js';

/** Where to read on: nothing of it is known for a partition that was never read. */
export type ReadFrom = Partial<StoredOffset> & { readonly committed?: Offset };

/** The sources of one term: the worker that reads the topic of the partition. */
export interface Source {
  resume(partition: TopicPartition, from: ReadFrom): void;
}

export interface TermOptions {
  readonly number: number;
  readonly lock: HeldLock;
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

interface Known {
  readonly partition: TopicPartition;
  state: 'loading' | 'asked' | 'open' | 'halted';
  stored: StoredOffset | undefined;
  saved: StoredOffset | undefined;
  /** What a commit under way, or one whose answer was lost, may have stored. */
  attempted: StoredOffset | undefined;
}

const loadAgainAfterMs = 1_000;

/**
 * One stretch of time in which this engine owns the topic: opens its partitions where they were left, and remembers how far each came.
 *
 * A term ends with its lease or its lock, and never comes back.
 */
export class Term {
  readonly number: number;
  readonly lock: HeldLock;
  readonly #options: TermOptions;
  readonly #known = new Map<string, Known>();
  readonly #halted = new Map<string, TopicPartition>();
  /** Held positions that are in the flow. */
  readonly #released = new Set<string>();
  readonly #ended = new AbortController();

  constructor(options: TermOptions) {
    this.number = options.number;
    this.lock = options.lock;
    this.#options = options;
  }

  /** Partitions that are not read until an operator decides. */
  get halted(): readonly TopicPartition[] {
    return [...this.#halted.values()];
  }

  /** All partitions of the topic as Kafka has them now. New ones are taken up; one that is gone is asked for no more. */
  partitionsSeen(topic: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const at = { topic, partition };
      if (!this.#known.has(partitionText(at))) void this.#open(at);
    }
  }

  /**
   * The source of a topic was replaced and knows nothing. It goes on where reading had come to; a source that holds begins again at the first
   * unfinished position, since what it held is known to no one else.
   */
  sourceReplaced(topic: string): void {
    const { tracker, source, alarmTopic } = this.#options;
    for (const known of this.#known.values()) {
      if (known.partition.topic !== topic) continue;
      if (known.state === 'asked') this.#ask(known);
      if (known.state !== 'open') continue;
      const { read, committed } = tracker.progress(known.partition);
      const from = topic === alarmTopic ? { nextToRead: read } : tracker.committable(known.partition);
      source.resume(known.partition, { ...from, committed: windowStart(known) ?? committed });
    }
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
      throw new Failure('PROTOCOL_VIOLATED', text, { retriable: false });
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
    const text = `${partitionText(partition)} is committed at ${at.nextToRead} but Kafka holds ${at.logStart} to ${at.logEnd}: was the topic made anew? Set the position with: mon-notification offsets set ${partitionText(partition)}=OFFSET`;
    this.#halted.set(partitionText(partition), partition);
    this.#options.telemetry.event('partition_halted', { ...partition, offset: at.nextToRead, detail: text });
  }

  /** False for an alarm that is not to be handed out: finished before, or of a partition that is not open. */
  begin(position: AlarmPosition): boolean {
    if (this.#known.get(partitionText(position))?.state !== 'open') return false;
    const isNew = this.#options.tracker.begin(position) === 'begun';
    if (isNew) this.#options.telemetry.count('alarms_read_total');
    return isNew;
  }

  /** A source holds this position until it is due. Held again after a death it stays what it was: unfinished, in the flow, or finished. */
  hold(position: AlarmPosition): void {
    if (this.#known.get(partitionText(position))?.state !== 'open') return;
    const { tracker } = this.#options;
    if (position.offset >= tracker.progress(position).read) tracker.begin(position);
  }

  /** True once for each held position: it is due and enters the flow. False for one that is there already, and for one that is finished. */
  release(position: AlarmPosition): boolean {
    if (this.#known.get(partitionText(position))?.state !== 'open') return false;
    if (this.#released.has(positionText(position)) || !this.#options.tracker.isUnfinished(position)) return false;
    this.#released.add(positionText(position));
    return true;
  }

  /** A held position has ended in its source. One that is in the flow ends there. */
  drop(position: AlarmPosition): void {
    if (!this.#released.has(positionText(position))) this.#options.tracker.finish(position);
  }

  finish(position: AlarmPosition, reason: FinishReason): void {
    this.#released.delete(positionText(position));
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

  async #open(partition: TopicPartition): Promise<void> {
    const known: Known = { partition, state: 'loading', stored: undefined, saved: undefined, attempted: undefined };
    this.#known.set(partitionText(partition), known);
    const { store, carry, clock, telemetry, onFailure } = this.#options;
    while (!this.#ended.signal.aborted) {
      try {
        const stored = await store.load(partition);
        if (this.#ended.signal.aborted) return;
        known.saved = stored;
        known.stored = carry.onto(partition, stored);
        this.#ask(known);
        return;
      } catch (error) {
        if (error instanceof Failure && !error.retriable) {
          onFailure(error);
          return;
        }
        telemetry.event('offset_load_failed', { ...partition, detail: messageOf(error) });
        await clock.sleep(loadAgainAfterMs, this.#ended.signal);
      }
    }
  }

  #ask(known: Known): void {
    known.state = 'asked';
    const { partition, stored } = known;
    const start = windowStart(known);
    const committed = start === undefined ? {} : { committed: start };
    this.#options.source.resume(partition, { ...stored, ...committed });
  }

  /** What was held below this offset is gone from its topic, and will not be held again. */
  #vanished(limit: AlarmPosition): void {
    if (limit.topic === this.#options.alarmTopic) return;
    for (const offset of this.#options.tracker.unfinishedBelow(limit)) this.drop({ ...limit, offset });
  }

  #skipped(partition: TopicPartition, nextToRead: Offset, skipped: bigint): void {
    const labels = { topic: partition.topic, partition: String(partition.partition) };
    this.#options.telemetry.count('skipped_by_broker_total', labels, Number(skipped));
    this.#options.telemetry.event('offsets_skipped', { ...partition, offset: nextToRead, skipped });
  }
}

/**
 * From where the window is counted: what was carried over is not stored yet. Where nothing at all is stored, reading on waits for the first
 * commit. Undefined: from the begin of the log, which is where reading begins.
 */
function windowStart({ saved, stored }: Known): Offset | undefined {
  return saved?.nextToRead ?? (stored === undefined ? undefined : 0n);
}

/** What was stored as far as it speaks of `nextToRead` and above: what retention took in front of it is not known to be finished or not. */
function startingAt(nextToRead: Offset, stored: StoredOffset | undefined): StoredOffset {
  if (stored === undefined || nextToRead < stored.nextToRead) return plainOffset(nextToRead);
  const { finishedAbove } = stored;
  const skippedCount = Number(nextToRead - stored.nextToRead);
  return { nextToRead, finishedAbove: finishedBits(setBits(finishedAbove), skippedCount, finishedAbove.length * 8) };
}
