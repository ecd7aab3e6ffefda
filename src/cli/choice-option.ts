import { type CommandArguments, UsageError } from './command.js';

/** The word that an option names, the first when it is not given. @throws UsageError for any other. */
export function choiceOption<T extends string>(args: CommandArguments, name: string, known: readonly [T, ...T[]]): T {
  const text = args.text(name);
  const found = text === undefined ? known[0] : known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${name}: expected ${known.join(' or ')}, got ${JSON.stringify(text)}`);
}
