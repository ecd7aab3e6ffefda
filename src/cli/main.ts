#!/usr/bin/env node
import { calledBy } from './bin-names.js';
import type { CommandIo } from './command.js';
import { commandTable } from './command-table.js';
import { runProgram } from './program.js';
import { askAtTerminal } from './terminal.js';

/** A reader that went away (`| head`) is no failure of ours. */
function outliveReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

outliveReader(process.stdout);
outliveReader(process.stderr);

const io: CommandIo = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  environment: process.env,
  ...(process.stderr.isTTY ? { progress: (text) => void process.stderr.write(`\r\x1b[K${text}`) } : {}),
  ...(process.stdin.isTTY ? { ask: askAtTerminal } : {}),
};

// The code is set and not forced: what was written to a pipe still has to leave.
process.exitCode = await runProgram(process.argv.slice(2), commandTable, io, calledBy(process.argv[1] ?? ''));
