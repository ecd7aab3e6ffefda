const dayMs = 86_400_000;

/** Local time of an IANA zone, by the zone data of the runtime. */
export class ZoneTime {
  readonly zone: string;
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError when the runtime does not know the zone. */
  constructor(zone: string) {
    this.zone = zone;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** What clocks of the zone show at an instant, as if it were UTC, epoch milliseconds of whole seconds. */
  localMs(atMs: number): number {
    const parts = new Map(this.#format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  }

  /**
   * The instant at which clocks show `localMs`.
   *
   * A time that occurs twice: the first; one that does not exist: the first instant after the gap.
   */
  instantOf(localMs: number): number {
    const before = this.#offsetMs(localMs - dayMs);
    const after = this.#offsetMs(localMs + dayMs);
    const fits = [localMs - before, localMs - after].filter((atMs) => this.localMs(atMs) === localMs);
    return fits.length > 0 ? Math.min(...fits) : this.#transition(localMs - dayMs, localMs + dayMs, before);
  }

  #offsetMs(atMs: number): number {
    return this.localMs(atMs) - Math.floor(atMs / 1000) * 1000;
  }

  /** The first whole second between the two instants at which the offset is no longer `offsetMs`. */
  #transition(fromMs: number, toMs: number, offsetMs: number): number {
    let [low, high] = [Math.floor(fromMs / 1000), Math.floor(toMs / 1000)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetMs(middle * 1000) === offsetMs) low = middle;
      else high = middle;
    }
    return high * 1000;
  }
}
