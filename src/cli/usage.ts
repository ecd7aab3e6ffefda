import type { Command, CommandOption } from './command.js';
import type { CommandEntry } from './command-table.js';

const exitCodes = '0 as asked, 1 failed, 2 wrong command line';
const wrongConfiguration = 'wrong configuration';

/** What the program can do, or one group of its commands, one line per command; `words` come before the rest of the command's name. */
export function programUsage(table: readonly CommandEntry[], words: string): string {
  const width = Math.max(...table.map((entry) => entry.name.length));
  return [
    `usage: ${words} <command> [options]`,
    '',
    ...table.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`),
    '',
    `${words} <command> --help lists the options of a command; --version prints the version.`,
    `Exit codes: ${exitCodes}, 78 ${wrongConfiguration}.`,
  ].join('\n');
}

/** One command with its options; `words` are those that call it. */
export function commandUsage(entry: CommandEntry, command: Command, words: string): string {
  const options: [string, CommandOption][] = [
    ...Object.entries(command.options),
    ['help', { short: 'h', description: 'print this' }],
  ];
  const left = options.map(([name, { short, value }]) => {
    const letter = short === undefined ? '' : `-${short}, `;
    return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
  });
  const width = Math.max(...left.map((text) => text.length));
  const positionals = command.positionals === undefined ? '' : ` ${command.positionals}`;
  return [
    `usage: ${words}${positionals} [options]`,
    '',
    `  ${entry.summary}`,
    '',
    ...options.map(([, { description }], index) => `  ${(left[index] ?? '').padEnd(width)}  ${description}`),
    '',
    `Exit codes: ${exitCodes}${readsConfiguration(command) ? `, 78 ${wrongConfiguration}` : ''}.`,
  ].join('\n');
}

function readsConfiguration({ options, isAboutConfiguration }: Command): boolean {
  return isAboutConfiguration === true || 'config' in options || 'engine-config' in options;
}
