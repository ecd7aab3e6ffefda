import { deadReasons } from '../domain/outcome.js';
import { type CommandArguments, UsageError } from './command.js';
import type { ParkedLetter } from './parked-letter.js';
import { timeOption } from './time-option.js';

/** Which letters are meant. */
export interface LetterFilter {
  matches(letter: ParkedLetter): boolean;
  /** Nothing older needs to be read. */
  readonly sinceMs: number | undefined;
  /** False when it names all there are. */
  readonly isNarrow: boolean;
}

/** The options that narrow a list of letters. */
export const filterOptions = {
  reason: { value: 'REASON', repeated: true, description: `only those parked for this: ${deadReasons.join(', ')}` },
  type: { value: 'TYPE', description: 'only those of methods of this type, such as webhook' },
  alarm: { value: 'ID', description: 'only those of this alarm' },
  since: { value: 'TIME', description: 'only those parked since then: 1h, 7d, 2026-03-01T12:00:00Z' },
  until: { value: 'TIME', description: 'only those parked before then' },
} as const;

/** Reads those options. @throws UsageError for a reason or a time that does not exist. */
export function letterFilter(args: CommandArguments, nowMs: number): LetterFilter {
  const reasons = args.texts('reason').flatMap((text) => text.split(','));
  const unknown = reasons.find((reason) => !deadReasons.some((known) => known === reason));
  if (unknown !== undefined) {
    throw new UsageError(`--reason: expected ${deadReasons.join(', ')}, got ${JSON.stringify(unknown)}`);
  }
  const type = args.text('type')?.toLowerCase();
  const alarmId = args.text('alarm');
  const sinceMs = timeOption(args, 'since', nowMs);
  const untilMs = timeOption(args, 'until', nowMs);
  return {
    sinceMs,
    isNarrow: Object.keys(filterOptions).some((name) => args.has(name)),
    matches: (letter) =>
      (reasons.length === 0 || reasons.some((reason) => reason === letter.reason)) &&
      (type === undefined || type === letter.type) &&
      (alarmId === undefined || alarmId === letter.alarmId) &&
      (sinceMs === undefined || letter.parkedAtMs >= sinceMs) &&
      (untilMs === undefined || letter.parkedAtMs < untilMs),
  };
}
