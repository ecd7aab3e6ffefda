import { nearestName } from '../config/nearest.js';
import { ConfigurationError, EngineError } from '../domain/errors.js';
import { type Called, mainProgram } from './bin-names.js';
import { type CommandIo, type ExitCode, UsageError } from './command.js';
import { readArguments } from './command-line.js';
import type { CommandEntry } from './command-table.js';
import { OneDocument } from './one-document.js';
import { commandUsage, programUsage } from './usage.js';
import { packageVersion } from './version.js';

/** Finds the command that the words ask for, runs it, and says how it ended, in the name that the program was called by. Never throws. */
export async function runProgram(
  words: readonly string[],
  table: readonly CommandEntry[],
  io: CommandIo,
  called = mainProgram,
): Promise<ExitCode> {
  const { program } = called;
  try {
    if (called.command.length > 0) return await runCommand([...called.command, ...words], table, io, called);
    const [first] = words;
    if (first === 'help' || (first !== undefined && isHelp(first))) {
      io.out(programUsage(table, program));
      return 0;
    }
    if (first === '--version') return printVersion(io, program);
    if (first === undefined) {
      io.err(programUsage(table, program));
      return 2;
    }
    return await runCommand(words, table, io, called);
  } catch (error) {
    return report(error, io, program);
  }
}

async function runCommand(
  words: readonly string[],
  table: readonly CommandEntry[],
  io: CommandIo,
  { program, command: unsaid }: Called,
): Promise<ExitCode> {
  const family = familyOf(words[0] ?? '', table);
  if (family.length > 0 && isHelp(words[1] ?? '') && !table.some((entry) => entry.name === words[0])) {
    io.out(programUsage(family, `${program} ${words[0]}`));
    return 0;
  }
  const { entry, rest } = findCommand(words, table);
  const command = await entry.load();
  const name = unsaid.length > 0 ? program : `${program} ${entry.name}`;
  const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (options.some(isHelp)) {
    io.out(commandUsage(entry, command, name));
    return 0;
  }
  if (options.includes('--version')) return printVersion(io, program);
  const isJson = command.options.json !== undefined && options.includes('--json');
  const document = isJson ? new OneDocument(io) : undefined;
  try {
    const code = await command.run(readArguments(command, rest), document?.io ?? io);
    document?.ended(code);
    return code;
  } catch (error) {
    document?.failed(error);
    return report(error, io, program, name);
  }
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

/** The commands of two words that begin with this one. */
function familyOf(first: string, table: readonly CommandEntry[]): readonly CommandEntry[] {
  return table.filter((entry) => entry.name.startsWith(`${first} `));
}

function findCommand(
  words: readonly string[],
  table: readonly CommandEntry[],
): { entry: CommandEntry; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const entry = table.find((candidate) => candidate.name === name);
    if (entry !== undefined) return { entry, rest: words.slice(length) };
  }
  const first = words[0] ?? '';
  if (first.startsWith('-')) throw new UsageError(`expected a command before ${first}`);
  const family = familyOf(first, table).map((entry) => entry.name);
  if (family.length > 0) throw new UsageError(`${first} is not a command by itself; there is ${family.join(', ')}`);
  const nearest = nearestName(
    first,
    table.map((entry) => entry.name),
  );
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new UsageError(`unknown command ${JSON.stringify(first)}${hint}`);
}

function printVersion(io: CommandIo, program: string): ExitCode {
  io.out(`${program} ${packageVersion()} (node ${process.version})`);
  return 0;
}

/** `name` are the words whose help tells more. */
function report(error: unknown, io: CommandIo, program: string, name = program): ExitCode {
  if (error instanceof UsageError) {
    io.err(`${program}: ${error.message}`);
    io.err(`Try: ${name} --help`);
    return 2;
  }
  if (error instanceof EngineError) {
    io.err(`${program}: ${error.message}`);
    return error instanceof ConfigurationError ? 78 : 1;
  }
  // Nothing that we foresaw: the stack is what a report of the fault needs.
  io.err(`${program}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
