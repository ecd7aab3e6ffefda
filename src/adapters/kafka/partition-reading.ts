import type { RawAlarm } from '../../domain/alarm.js';
import type { Offset, TopicPartition } from '../../domain/position.js';

/** Fetching pauses while more than this waits to be taken, so that a partition holds about one answer beyond it. */
const ENOUGH_WAITING_BYTES = 256 * 1024;
const ENOUGH_WAITING_COUNT = 500;

/**
 * One partition being read: where to fetch next, what waits to be taken, and how far it may be taken. Pure.
 *
 * A record may be taken while its offset lies below `committed + window`; and whatever the gap in front of it, when all that was taken
 * before is committed. Made anew by each `resume`, so an answer to an older fetch finds another object and is dropped.
 */
export class PartitionReading {
  readonly at: TopicPartition;
  /** The next offset to ask Kafka for; undefined until the earliest one is known. */
  position: Offset | undefined;
  /** True once the topic is known to end before the position: nothing is fetched any more. */
  isHalted = false;
  /** True once it was told where reading begins. */
  isBegun = false;
  /** True when Kafka has refused the position and its log must be asked where it begins and ends. */
  isOutOfRange = false;
  /** Monotonic milliseconds before which Kafka is not asked again, and for how many failures in a row. */
  notBeforeMonoMs = 0;
  failures = 0;
  /** The newest end of the log that was told, and when. */
  highWater: { readonly offset: Offset; readonly toldAtMonoMs: number } | undefined;
  readonly #window: bigint;
  /** What the next record taken must not be parted from by uncommitted ones: the offset after the last one taken. */
  #takenUpTo: Offset | undefined;
  #committed: Offset | undefined;
  #waiting: RawAlarm[] = [];
  #waitingBytes = 0;

  constructor(
    at: TopicPartition,
    start: { nextToRead: Offset | undefined; limit: Offset | undefined },
    window: bigint,
  ) {
    this.at = at;
    this.#window = window;
    this.position = start.nextToRead;
    this.#takenUpTo = start.nextToRead;
    this.#committed = start.limit === undefined ? start.nextToRead : start.limit - window;
  }

  /** Reading begins at `position`; what lay before it is gone. */
  startAt(position: Offset): void {
    this.position = position;
    this.isOutOfRange = false;
    this.#takenUpTo ??= position;
    this.#committed ??= position;
  }

  /** Adds what a fetch from `asked` brought, and moves the position to `next`; false when it was asked from elsewhere. */
  add(asked: Offset, alarms: readonly RawAlarm[], next: Offset): boolean {
    if (asked !== this.position) return false;
    this.position = next;
    this.failures = 0;
    for (const alarm of alarms) {
      this.#waiting.push(alarm);
      this.#waitingBytes += alarm.value.byteLength;
    }
    return true;
  }

  /** Commits never go back here: an older word that arrives late must not narrow the window. */
  commit(committed: Offset): void {
    if (this.#committed === undefined || committed > this.#committed) this.#committed = committed;
  }

  /** Takes up to `count` of the alarms that may be taken now. */
  take(count: number): readonly RawAlarm[] {
    let taken = 0;
    while (taken < count && taken < this.#waiting.length && this.#mayTake(this.#waiting[taken])) taken += 1;
    const alarms = this.#waiting.splice(0, taken);
    for (const alarm of alarms) this.#waitingBytes -= alarm.value.byteLength;
    return alarms;
  }

  /** True while another fetch is of use: little waits, and what comes next could be taken. */
  wantsMore(): boolean {
    if (this.isHalted || this.isOutOfRange || this.position === undefined) return false;
    if (this.#waitingBytes >= ENOUGH_WAITING_BYTES || this.#waiting.length >= ENOUGH_WAITING_COUNT) return false;
    if (this.#waiting.length > 0) return this.#isOpen(this.#waiting[0]?.position.offset);
    // Where reading begins has to be told even while nothing may be taken: commits, which make room, wait for that word.
    return !this.isBegun || this.#isOpen(this.position);
  }

  /** True when Kafka must be asked where the log begins before anything can be fetched. */
  wantsEdges(): boolean {
    return !this.isHalted && (this.isOutOfRange || this.position === undefined);
  }

  #mayTake(alarm: RawAlarm | undefined): boolean {
    if (alarm === undefined || !this.#isOpen(alarm.position.offset)) return false;
    this.#takenUpTo = alarm.position.offset + 1n;
    return true;
  }

  #isOpen(offset: Offset | undefined): boolean {
    if (offset === undefined || this.#committed === undefined || this.#takenUpTo === undefined) return true;
    return offset < this.#committed + this.#window || this.#committed >= this.#takenUpTo;
  }
}
