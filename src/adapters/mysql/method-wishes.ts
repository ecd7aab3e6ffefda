import { usableSchedule } from '../../domain/schedule.js';
import type { MethodWish } from '../../ports/digest.js';

const maxKnownCount = 1_000;

/** What the options of a method say of its digests, and which of them cannot be used. */
interface ReadWish {
  readonly wish: MethodWish;
  readonly problems: readonly string[];
}

/** Reads the options `schedule` and `empty` of digest methods. Remembers what it has read, since a zone takes its time. */
export class MethodWishes {
  readonly #known = new Map<string, ReadWish>();

  read(schedule: string, empty: string): ReadWish {
    const key = JSON.stringify([schedule, empty]);
    const known = this.#known.get(key) ?? readWish(schedule.trim(), empty.trim().toLowerCase());
    if (this.#known.size >= maxKnownCount) this.#known.clear();
    this.#known.set(key, known);
    return known;
  }
}

function readWish(schedule: string, empty: string): ReadWish {
  const problems: string[] = [];
  const usable = schedule === '' ? undefined : usableSchedule(schedule);
  if (schedule !== '' && usable !== schedule) {
    const instead = usable === undefined ? 'the general schedule counts' : `read as ${JSON.stringify(usable)}, in UTC`;
    problems.push(`schedule ${JSON.stringify(schedule)}: ${instead}`);
  }
  const isKnown = empty === 'skip' || empty === 'send';
  if (empty !== '' && !isKnown) problems.push(`empty ${JSON.stringify(empty)}: expected skip or send`);
  return { wish: { ...(usable === undefined ? {} : { schedule: usable }), ...(isKnown ? { empty } : {}) }, problems };
}
