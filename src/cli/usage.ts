import type { Command, CommandOption } from './command.js';
import type { CommandEntry } from './command-table.js';

/** What the program can do, one line per command. */
export function programUsage(table: readonly CommandEntry[]): string {
  const width = Math.max(...table.map((entry) => entry.name.length));
  return [
    'usage: mon-notification <command> [options]',
    '',
    ...table.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`),
    '',
    'mon-notification <command> --help lists the options of a command; --version prints the version.',
    'Exit codes: 0 as asked, 1 failed, 2 wrong command line, 78 wrong configuration.',
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
  ].join('\n');
}
