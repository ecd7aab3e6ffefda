const form = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const nsPerSecond = 1_000_000_000n;
const nsPerMs = 1_000_000n;

/** A point in time as somebody wrote it: `epochNs` to compare, `text` to hand on, letter by letter as it came. */
export interface Instant {
  /** Nanoseconds since 1970, UTC. */
  readonly epochNs: bigint;
  readonly text: string;
}

/**
 * Reads an RFC 3339 date and time: 0 to 9 decimals, `Z` or an offset, years 0000 to 9999.
 *
 * Undefined for anything else, such as a day that its month does not have. A leap second counts as the second that follows it.
 */
export function parseInstant(text: string): Instant | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const [, date = '', hour = '', minute = '', second = '', decimals = '', sign, offsetHour = '0', offsetMinute = '0'] =
    found;
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(midnightMs) || new Date(midnightMs).toISOString().slice(0, 10) !== date) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -60 : 60);
  const seconds = midnightMs / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - offset;
  return { epochNs: BigInt(seconds) * nsPerSecond + BigInt(decimals.padEnd(9, '0')), text };
}

/** The instant of an epoch time in whole milliseconds, written in UTC with three decimals. @throws RangeError beyond the year 9999. */
export function instantOfMs(epochMs: number): Instant {
  const text = new Date(epochMs).toISOString();
  if (text.length !== 24) throw new RangeError('expected a time between the years 0 and 9999');
  return { epochNs: BigInt(epochMs) * nsPerMs, text };
}

/** Epoch milliseconds, rounded down. */
export function epochMsOf({ epochNs }: Instant): number {
  const ms = epochNs / nsPerMs;
  return Number(epochNs < 0n && ms * nsPerMs !== epochNs ? ms - 1n : ms);
}

/** Below 0 when `a` is earlier than `b`, above 0 when later, 0 for the same nanosecond, however it is written. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a.epochNs === b.epochNs) return 0;
  return a.epochNs < b.epochNs ? -1 : 1;
}
