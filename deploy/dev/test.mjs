/**
 * What `npm test` runs: installs what is missing, builds, lints, starts the services, runs the suites, prints one summary.
 *
 *   node deploy/dev/test.mjs [--check] [--suite NAME]… [--file PART-OF-A-PATH] [-- ARGUMENTS-OF-THE-BENCH]
 *
 * `--check`: no services, quick suites only. `--suite bench` runs test/bench/main.ts instead of tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildProgram, buildTests, ensurePackages, lint, rootFolder } from './build.mjs';
import { runProgram } from './command.mjs';
import { coverageComplaint, coverageEnvironment } from './coverage.mjs';
import { asEnvironment, startServices } from './services.mjs';
import { filesOf, killRunningFiles, runFile, suites } from './test-files.mjs';

const say = (text) => process.stdout.write(`${text}\n`);
const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;
const totals = { passed: 0, failed: 0, skipped: 0 };
let stopServices = async () => {};

function show({ file, tests, output, durationMs }) {
  const of = (verdict) => tests.filter((test) => test.verdict === verdict);
  const failed = of('failed');
  const counts = `${of('passed').length} passed, ${failed.length} failed`;
  for (const verdict of Object.keys(totals)) totals[verdict] += of(verdict).length;
  say(`${failed.length === 0 ? ' ok ' : 'FAIL'} ${file} (${counts}, ${seconds(durationMs)})`);
  for (const { name, reason } of of('skipped')) say(`     SKIPPED ${name}: ${reason}`);
  for (const { name, reason } of failed) say(`     FAILED ${name}\n${indent(reason)}`);
  if (failed.length > 0 && output.trim() !== '') say(`     What the file printed:\n${indent(output.trimEnd())}`);
}

const indent = (text) => text.replace(/^/gm, '       ');

async function runSuite({ name, concurrency, alone = [], fileLimitMs }, files, env) {
  if (files.length === 0) return;
  const startedAtMs = Date.now();
  const runAll = async (waiting) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      show(await runFile(file, { limitMs: fileLimitMs, env }));
    }
  };
  const isAlone = (file) => alone.includes(basename(file, '.test.js'));
  const together = files.filter((file) => !isAlone(file));
  await Promise.all(Array.from({ length: concurrency }, () => runAll(together)));
  await runAll(files.filter(isAlone));
  say(`suite ${name}: ${files.length} files, ${seconds(Date.now() - startedAtMs)}`);
}

async function runUnit(suite, files, isWhole) {
  const env = isWhole ? await coverageEnvironment() : {};
  await runSuite(suite, files, env);
  if (!isWhole) return;
  const complaint = await coverageComplaint();
  if (complaint === undefined) return;
  totals.failed += 1;
  say(`     FAILED branch coverage (deploy/dev/coverage.mjs)\n${indent(complaint)}`);
}

/** All schedules of the gate: a fixed set, and others that are new with each commit and the same whenever it is tested. */
async function wholeSimulation() {
  const { code, output } = await runProgram('git', ['rev-parse', 'HEAD'], { cwd: rootFolder });
  const commit = code === 0 ? output.trim() : '0';
  const fresh = Number.parseInt(commit.slice(0, 8), 16);
  say(
    `simulation: with schedules and points by the commit ${commit.slice(0, 8)} (SIMULATION=whole SIMULATION_FRESH=${fresh})`,
  );
  return { SIMULATION: 'whole', SIMULATION_FRESH: String(fresh) };
}

async function startForTests() {
  const services = await startServices({ log: say });
  stopServices = services.stop;
  return { ...asEnvironment(services), REQUIRE_SERVICES: '1' };
}

async function runTests({ check, wanted, pattern }) {
  const chosen = suites.filter(({ name, isQuick }) => (wanted.length > 0 ? wanted.includes(name) : !check || isQuick));
  const plan = await Promise.all(chosen.map(async (suite) => ({ suite, files: await filesOf(suite.name, pattern) })));
  const needsServices = plan.some(({ suite, files }) => suite.needsServices && files.length > 0);
  const starting = needsServices ? startForTests() : Promise.resolve({});
  // Looked at again below, when the suites that need none have run.
  starting.catch(() => {});
  for (const { suite, files } of plan.filter(({ suite }) => !suite.needsServices)) {
    if (suite.name === 'unit') await runUnit(suite, files, pattern === '' && files.length > 0);
    else if (suite.name === 'simulation' && !check && pattern === '')
      await runSuite(suite, files, await wholeSimulation());
    else await runSuite(suite, files, {});
  }
  const env = await starting;
  for (const { suite, files } of plan.filter(({ suite }) => suite.needsServices)) await runSuite(suite, files, env);
}

/** Builds, and lints when everything is run. Complaints of the compiler end the run, those of the linter only fail it. */
async function prepare(withLint) {
  const built = await Promise.allSettled([buildProgram(say), buildTests(say), withLint ? lint(say) : undefined]);
  const [program, tests, style] = built.map(({ reason }) => reason);
  if (program ?? tests) throw program ?? tests;
  if (style === undefined) return;
  totals.failed += 1;
  say(style.message);
}

async function runBench(words) {
  const env = await startForTests();
  const main = join(rootFolder, 'dist/.test/test/bench/main.js');
  const bench = spawn(process.execPath, [main, ...words], {
    cwd: rootFolder,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const [code] = await once(bench, 'exit');
  return code ?? 1;
}

function endOnSignal(signal, code) {
  process.once(signal, async () => {
    killRunningFiles();
    await stopServices();
    process.exit(code);
  });
}

async function main() {
  const options = { check: { type: 'boolean' }, suite: { type: 'string', multiple: true }, file: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const wanted = values.suite ?? [];
  const names = ['bench', ...suites.map(({ name }) => name)];
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no suite ${unknown.join(', ')}; there are ${names.join(', ')}`);
  await ensurePackages(say);
  await prepare(wanted.length === 0 && values.file === undefined);
  if (wanted.includes('bench')) return await runBench(positionals);
  await runTests({ check: values.check === true, wanted, pattern: values.file ?? '' });
  if (totals.passed + totals.failed === 0) say('no test ran');
  if (totals.skipped > 0) say(`${totals.skipped} skipped`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

endOnSignal('SIGINT', 130);
endOnSignal('SIGTERM', 143);
endOnSignal('SIGHUP', 129);
const startedAtMs = Date.now();
let code = 1;
let isTestRun = true;
try {
  code = await main();
  isTestRun = !process.argv.includes('bench');
} catch (error) {
  say(error.message);
  totals.failed += 1;
}
await stopServices();
if (isTestRun) say(`${seconds(Date.now() - startedAtMs)} in all\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = code;
