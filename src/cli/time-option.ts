import { type CommandArguments, UsageError } from './command.js';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads an option that names an instant, as epoch milliseconds: so long ago (`90s`, `15m`, `1h`, `7d`), or a date with or without a time
 * (`2026-03-01`, `2026-03-01T12:00:00Z`; without an offset it is UTC). @throws UsageError for anything else.
 */
export function timeOption(args: CommandArguments, name: string, nowMs: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const [, count, unit = ''] = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, Math.round(nowMs - Number(count) * (unitMs[unit] ?? 0)));
  const [, date, time = 'T00:00', zone = 'Z'] =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/i.exec(
      text,
    ) ?? [];
  const atMs = date === undefined ? Number.NaN : Date.parse(`${date}${time.replace(' ', 'T')}${zone}`);
  if (atMs >= 0) return atMs;
  const expected = 'a time such as 90s, 15m, 1h or 7d ago, or 2026-03-01T12:00:00Z';
  throw new UsageError(`--${name}: expected ${expected}, got ${JSON.stringify(text)}`);
}

/** An instant for people: UTC, to the second. */
export function timeText(atMs: number): string {
  const time = new Date(atMs);
  return Number.isNaN(time.getTime()) ? 'at no time' : `${time.toISOString().slice(0, 19)}Z`;
}
