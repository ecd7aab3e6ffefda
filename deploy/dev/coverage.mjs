/**
 * Branch coverage of the code that holds the promise: every branch of it is taken by a unit test, or the run fails.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rootFolder } from './build.mjs';
import { runProgram } from './command.mjs';

/** What must be covered, and by how many per cent of its branches: folders and files below `src`. */
const gates = {
  branches: 100,
  paths: [
    // Offset tracker, finished set, ledger, commit loop.
    'tracker',
    // Lease clock, fair share, and who takes and gives up what.
    'ownership',
    'runtime/bounded-queue',
    'runtime/dispatcher',
    'runtime/worker-lease',
    'waiting/due-list',
    'waiting/newest',
  ],
};

const folder = join(rootFolder, 'coverage/unit');

function patterns() {
  const compiled = (path) => join('dist/.test/src', path);
  return gates.paths.flatMap((path) => {
    if (existsSync(join(rootFolder, 'src', path))) return [`${compiled(path)}/**/*.js`];
    if (existsSync(join(rootFolder, 'src', `${path}.ts`))) return [`${compiled(path)}.js`];
    throw new Error(`deploy/dev/coverage.mjs: there is no src/${path} to be covered`);
  });
}

/** Environment that makes Node write what ran; empty when there is nothing to cover. */
export async function coverageEnvironment() {
  if (patterns().length === 0) return {};
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return { NODE_V8_COVERAGE: folder };
}

/** Resolves to the table of what is not covered, or to undefined when the gate is passed (or there is nothing to cover). */
export async function coverageComplaint() {
  const included = patterns();
  if (included.length === 0) return undefined;
  const args = ['report', '--temp-directory', folder, '--all', '--reporter', 'text', '--check-coverage'];
  const limits = ['--branches', String(gates.branches), '--lines', '0', '--functions', '0', '--statements', '0'];
  const which = included.flatMap((pattern) => ['--include', pattern]);
  const c8 = join(rootFolder, 'node_modules/.bin/c8');
  const { code, output } = await runProgram(c8, [...args, ...limits, ...which], { cwd: rootFolder });
  return code === 0 ? undefined : output.trimEnd();
}
