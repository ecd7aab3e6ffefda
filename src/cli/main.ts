#!/usr/bin/env node
import { calledBy } from './bin-names.js';
import type { CommandIo } from './command.js';
import { commandTable } from './command-table.js';
import { runProgram } from './program.js';
import { askAtTerminal } from './terminal.js';

const called = calledBy(process.argv[1] ?? '');

// A reader that went away (`| head`) is no failure of ours; a disk that is full is one that a script has to see.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`${called.program}: cannot write to standard output: ${error.message}\n`);
  process.exit(1);
});
process.stderr.on('error', () => undefined);

const io: CommandIo = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  environment: process.env,
  ...(process.stderr.isTTY ? { progress: (text) => void process.stderr.write(`\r\x1b[K${text}`) } : {}),
  ...(process.stdin.isTTY ? { ask: askAtTerminal } : {}),
};

// The code is set and not forced: what was written to a pipe still has to leave.
process.exitCode = await runProgram(process.argv.slice(2), commandTable, io, called);
