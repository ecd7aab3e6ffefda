/**
 * Running a program to its end and finding programs: the only two things the installation needs of the operating system.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const KEPT_OUTPUT_CHARACTERS = 200_000;
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/**
 * Runs a program to its end: `{ code, output }`, output being stdout and stderr together. A program that cannot be started is
 * code 127. `input` goes to its stdin.
 */
export function runProgram(command, args, { cwd, env = process.env, input } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}ended by ${signal}` : output }),
    );
    if (input === undefined) return;
    // A program that ends without reading everything closes the pipe; its exit code says more than the write error.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Like `runProgram`, but a code other than 0 is an error that carries the last 20 lines of output. */
export async function mustRun(command, args, options) {
  const { code, output } = await runProgram(command, args, options);
  if (code === 0) return output;
  throw new Error(`${[command, ...args].join(' ')} ended with code ${code}:\n${lastLines(output)}`);
}

/** The last `count` lines of a text, without trailing empty ones. */
export function lastLines(text, count = 20) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** Absolute path of the first of `names` found in `extraFolders`, PATH or the system's folders; undefined when there is none. */
export async function findProgram(names, extraFolders = []) {
  const fromPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const folder of [...extraFolders, ...fromPath, ...SYSTEM_FOLDERS]) {
    for (const name of names) {
      const file = join(folder, name);
      const isExecutable = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isExecutable) return file;
    }
  }
  return undefined;
}
