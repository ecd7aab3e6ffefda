/**
 * The real services for development and tests.
 *
 *   node deploy/dev/services.mjs up | down | status [--fresh] [--only kafka,zookeeper,mysql,nats] [--dir DIR]
 *
 * `up` leaves them running and prints their addresses as shell variables; `down` ends them; `--fresh` wipes the data first.
 * As a module: `startServices` (start-services.mjs).
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endRecorded, isStillRunning } from './launch.mjs';
import { logToStderr, withLock } from './progress.mjs';
import { asEnvironment, startServices, usualServices } from './start-services.mjs';

export { allServices, asEnvironment, parseMysqlUrl, startServices, usualServices } from './start-services.mjs';

const usage = 'usage: services.mjs up | down | status [--fresh] [--only kafka,zookeeper,mysql,nats] [--dir DIR]\n';
const usualDir = fileURLToPath(new URL('../../.dev/services', import.meta.url));

async function readState(dir) {
  const text = await readFile(join(dir, 'state.json'), 'utf8').catch(() => '{"servers":[],"addresses":{}}');
  return JSON.parse(text);
}

async function writeState(dir, state) {
  const file = join(dir, 'state.json');
  await writeFile(`${file}.new`, JSON.stringify(state, undefined, 2));
  await rename(`${file}.new`, file);
}

async function runningServers(state) {
  const checks = await Promise.all(state.servers.map(isStillRunning));
  return state.servers.filter((_, index) => checks[index]);
}

/** MYSQL_URL for the suites, and its parts for configuration files. */
function addressesOf(services) {
  if (services.mysql === undefined) return asEnvironment(services);
  const { host, port, user, password } = services.mysql;
  const parts = { MYSQL_HOST: host, MYSQL_PORT: String(port), MYSQL_USER: user, MYSQL_PASSWORD: password };
  return { ...asEnvironment(services), ...parts };
}

function printAddresses(environment) {
  for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}='${value}'\n`);
}

async function up({ dir, only, fresh }) {
  if (fresh) await down({ dir });
  if (fresh) await rm(dir, { recursive: true, force: true });
  const state = await readState(dir);
  const running = await runningServers(state);
  const services = await startServices({ dir, only, detached: true, runningNames: running.map(({ name }) => name) });
  const started = services.records().filter(({ pid }) => pid !== undefined);
  const addresses = { ...state.addresses, ...addressesOf(services) };
  await writeState(dir, { servers: [...running, ...started], addresses });
  printAddresses(addressesOf(services));
  return 0;
}

async function down({ dir }) {
  const state = await readState(dir);
  const ended = await Promise.all(state.servers.map(endRecorded));
  const left = state.servers.filter((_, index) => !ended[index]);
  for (const { name, pid } of left) logToStderr(`${name} (pid ${pid}) does not end`);
  if (state.servers.length > 0) await writeState(dir, { servers: left, addresses: {} });
  return left.length === 0 ? 0 : 1;
}

async function status({ dir }) {
  const state = await readState(dir);
  const running = await runningServers(state);
  for (const { name, port, pid } of state.servers) {
    const word = running.some((server) => server.name === name) ? 'running' : 'gone';
    process.stderr.write(`${name}: ${word}, port ${port}, pid ${pid}\n`);
  }
  if (running.length === 0) process.stderr.write('nothing is running\n');
  printAddresses(state.addresses);
  return running.length > 0 && running.length === state.servers.length ? 0 : 1;
}

/** Runs the command line; answers with the exit code. */
async function main(words) {
  const options = { fresh: { type: 'boolean' }, only: { type: 'string' }, dir: { type: 'string' } };
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  const command = { up, down, status }[positionals[0]];
  if (command === undefined || positionals.length !== 1) throw new TypeError('expected one command');
  const dir = resolve(values.dir ?? usualDir);
  const only = values.only?.split(',') ?? usualServices;
  return await withLock(`${dir}.lock`, logToStderr, () => command({ dir, only, fresh: values.fresh === true }));
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === resolve(process.argv[1])) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    const isUsage = error instanceof TypeError;
    process.stderr.write(`${error.message}\n${isUsage ? usage : ''}`);
    process.exitCode = isUsage ? 2 : 1;
  }
}
