import type { Endpoint } from '../../domain/endpoint.js';
import type { CheckResult, Grade } from './check-result.js';

/** Tells which results count as a state of their endpoint: those that ended a row of equal grades, `--fail-after` of them. */
export class Streaks {
  readonly #neededCount: number;
  readonly #rows = new Map<Endpoint, { grade: Grade; count: number }>();

  constructor(neededCount: number) {
    this.#neededCount = neededCount;
  }

  isConfirmed({ endpoint, grade }: CheckResult): boolean {
    const row = this.#rows.get(endpoint);
    const count = row?.grade === grade ? row.count + 1 : 1;
    this.#rows.set(endpoint, { grade, count });
    return count >= this.#neededCount;
  }
}
