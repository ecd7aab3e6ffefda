import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import { parseSettlement } from '../domain/replay.js';
import { type ParkedLetter, parkedLetter } from './parked-letter.js';

interface Place {
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * What is parked on the dead-letter topic: of each key the newest letter, unless a person has dealt with it since.
 *
 * Fed with every record of the topic, in the order of each partition. A settlement names the letter that it settles, so one that is parked
 * again while the settlement is being written stays. Keeps at most `capacity` letters that match; further keys are left out and `isCut` says so.
 */
export class ParkedLetters {
  readonly #matches: (letter: ParkedLetter) => boolean;
  readonly #capacity: number;
  readonly #letters = new Map<string, ParkedLetter>();
  /** Settlements that were met before their letter: the topic was given more partitions in between. */
  readonly #settledElsewhere = new Map<string, Place>();
  #isCut = false;
  #keylessCount = 0;

  constructor(matches: (letter: ParkedLetter) => boolean, capacity: number) {
    this.#matches = matches;
    this.#capacity = capacity;
  }

  saw(record: RawRecord): void {
    const { key } = record;
    if (key === undefined) {
      this.#keylessCount += 1;
      return;
    }
    const settlement = parseSettlement(record.value, record.headers, record);
    if (settlement !== undefined) this.#settle(key, settlement.letter, record);
    else if (record.value.byteLength === 0 && record.headers['notification-raw'] === undefined)
      this.#letters.delete(key);
    else this.#park(key, record);
  }

  /** The oldest first. */
  get letters(): readonly ParkedLetter[] {
    return [...this.#letters.values()].sort((one, other) => one.parkedAtMs - other.parkedAtMs);
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Records that nobody can name. */
  get keylessCount(): number {
    return this.#keylessCount;
  }

  #settle(key: string, settled: Place, record: RawRecord): void {
    const letter = this.#letters.get(key);
    if (letter !== undefined && covers(settled, letter.at)) this.#letters.delete(key);
    if (settled.partition !== record.partition) this.#settledElsewhere.set(key, settled);
  }

  #park(key: string, record: RawRecord): void {
    const settled = this.#settledElsewhere.get(key);
    if (settled !== undefined && covers(settled, record)) return;
    const letter = parkedLetter(record, key);
    const before = this.#letters.get(key);
    const isOlder =
      before !== undefined && before.at.partition !== record.partition && before.parkedAtMs > letter.parkedAtMs;
    if (isOlder) return;
    if (!this.#matches(letter)) this.#letters.delete(key);
    else if (before === undefined && this.#letters.size >= this.#capacity) this.#isCut = true;
    else this.#letters.set(key, letter);
  }
}

function covers(settled: Place, letter: Place): boolean {
  return settled.partition === letter.partition && letter.offset <= settled.offset;
}
