import { ZoneTime } from './zone-time.js';

/** When digests go out by themselves. Instants are epoch milliseconds. */
export interface Schedule {
  /** As it was written. */
  readonly text: string;
  /** The latest due instant at or before `atMs`. */
  dueAtOrBefore(atMs: number): number;
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A week, and a day for the distance between the days of a zone and those of UTC. */
const daysBack = 8;

/**
 * Reads `HH:MM[,HH:MM…] [days] [zone]` or `every <N>m|h`.
 *
 * Days are `mon-fri`, `sat,sun` and the like, default all; the zone is an IANA name, default UTC. `every` counts from 00:00 UTC.
 * Undefined for any other form and for an unknown zone.
 */
export function parseSchedule(text: string): Schedule | undefined {
  const words = text.trim().split(/\s+/);
  if (words[0]?.toLowerCase() === 'every') return everySchedule(text, words);
  const minutes = words[0]?.split(',').map(minuteOfDay) ?? [];
  const hasDays = words[1] !== undefined && /^(?:(?:sun|mon|tue|wed|thu|fri|sat)[-,]?)+$/i.test(words[1]);
  const days = hasDays ? daysOf(words[1] ?? '') : new Set(dayNames.keys());
  const rest = words.slice(hasDays ? 2 : 1);
  if (rest.length > 1 || days === undefined || minutes.length === 0) return undefined;
  const known = minutes.filter((minute) => minute !== undefined);
  if (known.length < minutes.length) return undefined;
  const zone = zoneOf(rest[0] ?? 'UTC');
  return zone === undefined ? undefined : dailySchedule(text, known, days, zone);
}

/** The text of a schedule; without its last word, hence in UTC, when that is a zone that nobody knows. Undefined for what is no schedule. */
export function usableSchedule(text: string): string | undefined {
  if (parseSchedule(text) !== undefined) return text;
  const withoutZone = text.trim().split(/\s+/).slice(0, -1).join(' ');
  return parseSchedule(withoutZone) === undefined ? undefined : withoutZone;
}

function everySchedule(text: string, words: readonly string[]): Schedule | undefined {
  const found = words.length === 2 ? /^([1-9][0-9]{0,4})([mh])$/i.exec(words[1] ?? '') : null;
  if (found === null) return undefined;
  const periodMs = Number(found[1]) * (found[2]?.toLowerCase() === 'h' ? 60 : 1) * minuteMs;
  return { text, dueAtOrBefore: (atMs) => everyDue(atMs, periodMs) };
}

/** Each day of UTC begins anew, so that `every 7h` is due at 00:00, 07:00, 14:00 and 21:00; longer periods run through. */
function everyDue(atMs: number, periodMs: number): number {
  const startMs = periodMs < dayMs ? Math.floor(atMs / dayMs) * dayMs : 0;
  return startMs + Math.floor((atMs - startMs) / periodMs) * periodMs;
}

function dailySchedule(text: string, minutes: readonly number[], days: ReadonlySet<number>, zone: ZoneTime): Schedule {
  return {
    text,
    dueAtOrBefore(atMs) {
      const today = Math.floor(zone.localMs(atMs) / dayMs);
      for (let day = today + 1; day >= today - daysBack; day -= 1) {
        if (!days.has(new Date(day * dayMs).getUTCDay())) continue;
        const due = minutes.map((minute) => zone.instantOf(day * dayMs + minute * minuteMs)).filter((at) => at <= atMs);
        if (due.length > 0) return Math.max(...due);
      }
      return 0;
    },
  };
}

function minuteOfDay(text: string): number | undefined {
  const found = /^([01]?[0-9]|2[0-3]):([0-5][0-9])$/.exec(text);
  return found === null ? undefined : Number(found[1]) * 60 + Number(found[2]);
}

function daysOf(text: string): ReadonlySet<number> | undefined {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [from = '', to = from, ...more] = part.split('-');
    const [first, last] = [dayNames.indexOf(from), dayNames.indexOf(to)];
    if (first < 0 || last < 0 || more.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

/** `EST5EDT` and the like are in the data, too; a fixed offset is no zone. */
function zoneOf(name: string): ZoneTime | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    return new ZoneTime(name);
  } catch {
    return undefined;
  }
}
