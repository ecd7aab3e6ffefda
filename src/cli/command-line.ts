import { parseArgs } from 'node:util';
import { nearestName } from '../config/nearest.js';
import { type Command, type CommandArguments, UsageError } from './command.js';

/** A notification id is 32 such characters, and one in 64 begins with a dash: no option looks like it but one of words and dashes. */
const dashedId = /^-(?!-[a-z-]+$)[\w-]{31}$/;
/** Put before an id that could be taken for an option; no word that was given holds it. */
const idMark = '\0';

/** Reads the words after a command's name. @throws UsageError, naming what is unknown, missing or too much. */
export function readArguments(command: Command, words: readonly string[]): CommandArguments {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  const { tokens } = parseArgs({
    args: withMarkedIds(command, withEmptyValues(command, words)),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option') {
      given.set(token.name, [...(given.get(token.name) ?? []), optionValue(command, token)]);
    } else if (token.kind === 'positional') positionals.push(unmarked(token.value));
  }
  if (command.positionals === undefined && positionals[0] !== undefined) {
    throw new UsageError(`unexpected ${JSON.stringify(positionals[0])}`);
  }
  return {
    has: (option) => given.has(option),
    text: (option) => given.get(option)?.at(-1),
    texts: (option) => given.get(option) ?? [],
    positionals,
  };
}

/** Options whose value is in brackets may stand alone: they get an empty one unless a number follows. */
function withEmptyValues(command: Command, words: readonly string[]): string[] {
  return words.map((word, index) => {
    const option = word.startsWith('--') ? command.options[word.slice(2)] : undefined;
    if (option?.value?.startsWith('[') !== true || /^[0-9]/.test(words[index + 1] ?? '')) return word;
    return `${word}=`;
  });
}

function withMarkedIds(command: Command, words: readonly string[]): string[] {
  const letters = Object.values(command.options).map(({ short }) => short);
  return words.map((word) => (dashedId.test(word) && !letters.includes(word[1]) ? `${idMark}${word}` : word));
}

function unmarked(word: string): string {
  return word.startsWith(idMark) ? word.slice(idMark.length) : word;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function optionValue(command: Command, { name, rawName, value, inlineValue }: OptionToken): string {
  const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
  if (option === undefined) {
    const nearest = nearestName(name, [...Object.keys(command.options), 'help', 'version']);
    throw new UsageError(`unknown option ${rawName}${nearest === undefined ? '' : `; did you mean --${nearest}?`}`);
  }
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return '';
  }
  if ((option.mayBeEmpty || option.value.startsWith('[')) && value === '') return value;
  // `--config --json` is far more often a forgotten value than a file named --json.
  const isForgotten =
    value === undefined || value === '' || (!inlineValue && /^-./.test(value) && !/^-[0-9]/.test(value));
  if (isForgotten) throw new UsageError(`${rawName} needs a value: ${option.value}`);
  return unmarked(value);
}
