/**
 * From a fresh clone to something that runs: packages, compiled program, compiled tests, lint.
 */
import { existsSync, lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './command.mjs';
import { logToStderr, withProgress } from './progress.mjs';

export const rootFolder = fileURLToPath(new URL('../..', import.meta.url));
/** What `mon-notification` runs, once it is built. */
export const programFile = join(rootFolder, 'dist/cli/main.js');

async function packagesOf(file) {
  const { packages } = JSON.parse(await readFile(join(rootFolder, file), 'utf8').catch(() => '{}'));
  return packages;
}

/**
 * Whether node_modules holds what the lock file says, by content: a checkout makes every file new, so times say nothing.
 * Optional packages (other platforms' binaries) may be absent.
 */
async function packagesAreInstalled() {
  const wanted = (await packagesOf('package-lock.json')) ?? {};
  const present = await packagesOf('node_modules/.package-lock.json');
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '' || (optional && present[path] === undefined)) return true;
    return present[path]?.version === version;
  });
}

/** Installs the npm packages when they are missing or differ from the lock file. Throws with npm's output. */
export async function ensurePackages(log = logToStderr) {
  if (await packagesAreInstalled()) return;
  const folder = join(rootFolder, 'node_modules');
  if (existsSync(folder) && lstatSync(folder).isSymbolicLink()) {
    throw new Error(
      'node_modules is a link to another working copy and differs from package-lock.json: run npm ci there',
    );
  }
  log('installing the npm packages …');
  await mustPass('npm ci', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

async function mustPass(what, command, args) {
  const { code, output } = await runProgram(command, args, { cwd: rootFolder });
  if (code !== 0) throw new Error(`${what} failed (code ${code}):\n${output.trimEnd()}`);
}

const tool = (name) => join(rootFolder, 'node_modules/.bin', name);

/** Compiles src/ to dist/. Throws with the compiler's complaints. */
export async function buildProgram(log = logToStderr) {
  await withProgress(log, 'compiling the program', () => mustPass('tsc', tool('tsc'), ['-p', 'tsconfig.json']));
  await import('./mark-executable.mjs');
}

/** Compiles src/ and test/ to dist/.test/. Throws with the compiler's complaints. */
export async function buildTests(log = logToStderr) {
  await withProgress(log, 'compiling the tests', () =>
    mustPass('tsc (tests)', tool('tsc'), ['-p', 'test/tsconfig.json']),
  );
}

/** Lint and format. Throws with the complaints. */
export async function lint(log = logToStderr) {
  const args = ['check', '--error-on-warnings', '--colors=off', '.'];
  await withProgress(log, 'linting', () => mustPass('biome check', tool('biome'), args));
}
