/**
 * Which suites there are, which files they have, and running one file with a hard time limit.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { rootFolder } from './build.mjs';

/** Files of the acceptance suite that judge take-overs, stops or the time of a retry by the clock, or keep both cores busy. */
const alone = [
  'deaths',
  'delivery',
  'demo',
  'digest-kills',
  'outages',
  'repeats',
  'retries',
  'sharing',
  'stops',
  'surroundings',
  'two-engines',
];

/**
 * In the order in which they run. `isQuick` ones are part of `npm run check`; a folder that is not there is no suite. So many files run at a
 * time, except those named in `alone`.
 */
export const suites = [
  { name: 'unit', isQuick: true, needsServices: false, concurrency: 2, fileLimitMs: 120_000 },
  { name: 'contract', isQuick: true, needsServices: false, concurrency: 2, fileLimitMs: 120_000 },
  { name: 'simulation', isQuick: true, needsServices: false, concurrency: 2, fileLimitMs: 1_200_000 },
  { name: 'integration', isQuick: false, needsServices: true, concurrency: 2, fileLimitMs: 240_000 },
  { name: 'acceptance', isQuick: false, needsServices: true, concurrency: 2, alone, fileLimitMs: 600_000 },
  { name: 'chaos', isQuick: false, needsServices: true, concurrency: 1, fileLimitMs: 900_000 },
];

const LEFTOVER_GRACE_MS = 2_000;
const KEPT_OUTPUT_CHARACTERS = 400_000;
const reporterFile = fileURLToPath(new URL('test-reporter.mjs', import.meta.url));
const processGroups = new Set();

/**
 * The compiled test files of a suite whose path contains `pattern`. They are found by their sources: what a removed source
 * left in dist/ is not run.
 */
export async function filesOf(suite, pattern = '') {
  const folder = join(rootFolder, 'test', suite);
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries
    .filter((name) => name.endsWith('.test.ts') && `${suite}/${name}`.includes(pattern))
    .sort()
    .map((name) => join(rootFolder, 'dist/.test/test', suite, name.replace(/\.ts$/, '.js')));
}

/** Ends whatever the test files that run at this moment have started; for signals. */
export function killRunningFiles() {
  for (const pid of processGroups) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs one test file in a process (group) of its own. Resolves to `{ file, tests, output, durationMs }`; `tests` as told by
 * the reporter, plus a failed one for each thing that a file may not do: take too long, end badly, hold no test, leave a
 * process behind.
 */
export async function runFile(file, { limitMs, env }) {
  const startedAtMs = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'mon-notification-test-'));
  const results = join(folder, 'results.jsonl');
  const flags = ['--enable-source-maps', `--test-reporter=${reporterFile}`, `--test-reporter-destination=${results}`];
  const child = spawn(process.execPath, [...flags, file], {
    cwd: rootFolder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processGroups.add(child.pid);
  const output = collect(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    signalGroup(child.pid, 'SIGKILL');
  }, limitMs);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  const leftBehind = !isLate && !(await groupEnds(child.pid));
  processGroups.delete(child.pid);
  const tests = parse(await readFile(results, 'utf8').catch(() => ''));
  await rm(folder, { recursive: true, force: true });
  const complaints = complain({ tests, isLate, limitMs, code, signal, leftBehind });
  return {
    file: shortName(file),
    tests: [...tests, ...complaints],
    output: output(),
    durationMs: Date.now() - startedAtMs,
  };
}

function complain({ tests, isLate, limitMs, code, signal, leftBehind }) {
  const hasFailure = tests.some(({ verdict }) => verdict === 'failed');
  const reasons = [];
  if (isLate) reasons.push(`did not end within ${limitMs / 1_000} s and was killed`);
  else if (code !== 0 && !hasFailure) reasons.push(`ended with ${signal ?? `code ${code}`} although no test failed`);
  else if (tests.length === 0) reasons.push('holds no test');
  if (leftBehind) reasons.push('left processes behind');
  return reasons.map((reason) => ({ name: '(the whole file)', verdict: 'failed', reason }));
}

/** Waits a moment for processes that end with their parent; kills the rest. Resolves to whether all had ended by themselves. */
async function groupEnds(pid) {
  const untilMs = Date.now() + LEFTOVER_GRACE_MS;
  while (signalGroup(pid, 0)) {
    if (Date.now() > untilMs) {
      signalGroup(pid, 'SIGKILL');
      return false;
    }
    await sleep(20);
  }
  return true;
}

function collect(child) {
  let text = '';
  const keep = (chunk) => {
    text = (text + chunk).slice(-KEPT_OUTPUT_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return () => text;
}

function parse(text) {
  const lines = text.split('\n');
  // A killed process may have left half a line at the end.
  return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []));
}

const shortName = (file) => relative(join(rootFolder, 'dist/.test/test'), file).replace(/\.js$/, '.ts');
