import type { Endpoint } from '../../domain/endpoint.js';
import type { CheckResult, Grade } from './check-result.js';

export type PercentStyle = 'truncate' | 'round';

/** How often each grade was found. */
export type Tally = Record<Grade, number>;

/** Counts finished checks since the start, by domain and by endpoint, both in the order of the file. */
export class Availability {
  readonly #endpoints = new Map<Endpoint, Tally>();
  readonly #domains = new Map<string, Tally>();

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      this.#endpoints.set(endpoint, { up: 0, degraded: 0, down: 0 });
      if (!this.#domains.has(endpoint.domain)) this.#domains.set(endpoint.domain, { up: 0, degraded: 0, down: 0 });
    }
  }

  count({ endpoint, grade }: CheckResult): void {
    const [own, domain] = [this.#endpoints.get(endpoint), this.#domains.get(endpoint.domain)];
    if (own !== undefined) own[grade] += 1;
    if (domain !== undefined) domain[grade] += 1;
  }

  /** Domains that were checked at least once. */
  domains(): readonly (readonly [domain: string, tally: Readonly<Tally>])[] {
    return [...this.#domains].filter(([, tally]) => totalOf(tally) > 0);
  }

  /** Endpoints that were checked at least once. */
  endpoints(): readonly (readonly [endpoint: Endpoint, tally: Readonly<Tally>])[] {
    return [...this.#endpoints].filter(([, tally]) => totalOf(tally) > 0);
  }
}

export function totalOf({ up, degraded, down }: Readonly<Tally>): number {
  return up + degraded + down;
}

/**
 * The share of `up` in whole percent. `truncate` drops everything after the decimal point, `round` rounds half up.
 *
 * The multiplication comes first: (29 / 100) × 100 is 28.999….
 */
export function percentOf(up: number, total: number, style: PercentStyle): number {
  return style === 'truncate' ? Math.floor((100 * up) / total) : Math.floor((200 * up + total) / (2 * total));
}
