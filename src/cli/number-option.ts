import { type CommandArguments, UsageError } from './command.js';

interface Limits {
  readonly byDefault: number;
  readonly least: number;
  readonly most: number;
}

/** Reads an option that is a whole number; one beyond the limits becomes the nearest limit. @throws UsageError for what is no whole number. */
export function clampedOption(args: CommandArguments, name: string, { byDefault, least, most }: Limits): number {
  const text = args.text(name);
  if (text === undefined) return byDefault;
  if (!/^[+-]?[0-9]+$/.test(text))
    throw new UsageError(`--${name}: expected a whole number, got ${JSON.stringify(text)}`);
  return Math.min(most, Math.max(least, Number(text)));
}

/** Reads an option that is a number within limits, in the unit that it is given in. @throws UsageError for anything else. */
export function numberOption(args: CommandArguments, name: string, { byDefault, least, most }: Limits): number {
  const text = args.text(name);
  if (text === undefined) return byDefault;
  const value = /^[0-9]{1,12}(\.[0-9]{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name}: expected a number from ${least} to ${most}, got ${JSON.stringify(text)}`);
}
