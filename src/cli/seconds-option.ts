import { type CommandArguments, UsageError } from './command.js';

const longestSeconds = 86_400;

/** Reads an option that is a number of seconds, fractions allowed, as milliseconds. @throws UsageError for anything else. */
export function secondsOption(args: CommandArguments, name: string, defaultMs: number): number {
  const text = args.text(name);
  if (text === undefined) return defaultMs;
  const seconds = /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= longestSeconds) return seconds * 1_000;
  throw new UsageError(`--${name}: expected seconds, up to ${longestSeconds}, got ${JSON.stringify(text)}`);
}
