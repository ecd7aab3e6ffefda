import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import { parseSettlement, type Settlement } from '../domain/replay.js';
import type { ParkedLetter } from './parked-letter.js';
import { ParkedLetters } from './parked-letters.js';

/** What became of one id that a person named. */
export type FoundLetter = Readonly<
  { kind: 'parked'; letter: ParkedLetter } | { kind: 'settled'; settlement: Settlement } | { kind: 'unknown' }
>;

/** Looks for letters by their ids while the dead-letter topic is read. */
export class LettersById {
  readonly #wanted: ReadonlySet<string>;
  readonly #parked: ParkedLetters;
  readonly #settlements = new Map<string, Settlement>();

  constructor(ids: readonly string[]) {
    this.#wanted = new Set(ids);
    this.#parked = new ParkedLetters(() => true, this.#wanted.size);
  }

  saw(record: RawRecord): void {
    if (record.key === undefined || !this.#wanted.has(record.key)) return;
    const settlement = parseSettlement(record.value, record.headers, record);
    if (settlement !== undefined) this.#settlements.set(record.key, settlement);
    this.#parked.saw(record);
  }

  /** In the order in which the ids were given. */
  found(): ReadonlyMap<string, FoundLetter> {
    const letters = new Map(this.#parked.letters.map((letter) => [letter.id, letter]));
    return new Map([...this.#wanted].map((id) => [id, this.#foundOf(id, letters.get(id))]));
  }

  #foundOf(id: string, letter: ParkedLetter | undefined): FoundLetter {
    const settlement = this.#settlements.get(id);
    if (letter !== undefined) return { kind: 'parked', letter };
    return settlement === undefined ? { kind: 'unknown' } : { kind: 'settled', settlement };
  }
}
