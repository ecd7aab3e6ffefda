const form = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
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
  const [, year, month, day, hour, minute, second, decimals = '', sign, offsetHour = 0, offsetMinute = 0] = found;
  const days = daysSince1970(Number(year), Number(month), Number(day));
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -60 : 60);
  const seconds = days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - offset;
  return { epochNs: BigInt(seconds) * nsPerSecond + (decimals === '' ? 0n : BigInt(decimals.padEnd(9, '0'))), text };
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

/** Undefined for a day that there is not. Date would take the 30th of February for the 2nd of March, and the year 99 for 1999. */
function daysSince1970(year: number, month: number, day: number): number | undefined {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const length = month === 2 && isLeap ? 29 : monthDays[month - 1];
  if (length === undefined || day < 1 || day > length) return undefined;
  // Counted from the 1st of March of the year 0, so that the leap day comes last. Source: H. Hinnant, days_from_civil.
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
