/**
 * What `npm run demo` runs: the engine and everything around it on this machine, and alarms that are seen to arrive.
 *
 *   node deploy/dev/demo.mjs [--engines 1|2] [--help]
 *
 * Needs nothing but Node to start. Installs and builds what is missing, uses services named by KAFKA_URL, ZOOKEEPER_URL and
 * MYSQL_URL, starts the others. On a terminal it stays until Ctrl-C. Ends with 0, with 1 when something failed, with 2 for a
 * wrong command line; stops all that it started.
 */
import { parseArgs } from 'node:util';
import { acts } from './demo/acts.mjs';
import { printClosingTable } from './demo/closing.mjs';
import { failOver } from './demo/fail-over.mjs';
import { explain } from './demo/failure.mjs';
import { makeScreen } from './demo/screen.mjs';
import { Show } from './demo/show.mjs';
import { prepareWorld } from './demo/world.mjs';

const usage = `usage: npm run demo [-- --engines 1|2]

  --engines 2   two engines; the active one is killed, the other goes on
  --help        print this

Services at hand are named by KAFKA_URL (host:port), ZOOKEEPER_URL (host:port) and MYSQL_URL (mysql://user:password@host:port).
`;
const CLOSE_LIMIT_MS = 20_000;
const isAttached = process.stdin.isTTY === true && process.stdout.isTTY === true;
const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
const screen = makeScreen((text) => process.stdout.write(text), isColoured);
const startedAtMs = Date.now();
const inSeconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

/** What must be undone, last first; each step has its time, and none keeps the others from being done. */
class Closers {
  #steps = [];

  add(what, close) {
    this.#steps.push({ what, close });
  }

  /** Undoes all that there is to undo. Resolves to whether every step worked. */
  async closeAll(isFine) {
    let hasWorked = true;
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { what, close } = step;
      const problem = await within(CLOSE_LIMIT_MS, close(isFine)).catch((error) => error);
      if (!(problem instanceof Error)) continue;
      hasWorked = false;
      screen.note(`could not stop or remove ${what}: ${problem.message}`);
    }
    return hasWorked;
  }
}

async function within(limitMs, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readOptions(words) {
  const options = { engines: { type: 'string', default: '1' }, help: { type: 'boolean', default: false } };
  const { values } = parseArgs({ args: words, options });
  if (!['1', '2'].includes(values.engines)) throw new TypeError(`--engines: expected 1 or 2, got ${values.engines}`);
  return { engineCount: Number(values.engines), isHelp: values.help };
}

async function play(engineCount, closers) {
  const what = engineCount === 1 ? 'one engine' : 'two engines';
  screen.line(screen.bold(`mon-notification, ${what}, with a real Kafka, ZooKeeper and MySQL`));
  screen.line();
  const world = await prepareWorld(screen, { engineCount, env: process.env, closers });
  const show = new Show(screen, world);
  let number = 1;
  for (const [title, act] of acts) {
    screen.heading(number, title);
    await act(show);
    number += 1;
  }
  let stream;
  if (engineCount === 2) {
    screen.heading(number, 'The active engine is killed');
    stream = await failOver(show);
    number += 1;
  }
  screen.heading(number, 'What became of every alarm');
  printClosingTable(show, stream);
  screen.line();
  screen.say(
    `First mail ${inSeconds(show.firstMailAtMs - startedAtMs)} after the start, all in ${inSeconds(Date.now() - startedAtMs)}.`,
  );
  return world;
}

function showWayOn({ engines, active, configFile }) {
  screen.line();
  const others = engines.filter((engine) => engine !== active && engine.isRunning);
  for (const engine of [active, ...others]) screen.fact('status page', screen.bold(`${engine.url}/status`));
  screen.fact('metrics', `${active.url}/metrics`);
  screen.fact('from a shell', `node dist/cli/main.js status --url ${active.url}`);
  screen.fact('configuration', configFile);
}

/** Resolves to the signal that ends the demo: Ctrl-C, a closed terminal, a polite kill. Later ones change nothing. */
function signalled() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
    // Nobody reads any more: `npm run demo | head`.
    process.stdout.on('error', () => resolve('SIGHUP'));
  });
}

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Plays everything; resolves to the exit code. */
async function run(engineCount, closers) {
  const interrupted = signalled();
  try {
    const playing = play(engineCount, closers);
    const first = await Promise.race([playing, interrupted]);
    if (typeof first === 'string') {
      screen.line('\nstopping …');
      await closers.closeAll(true);
      // What it was about when it was interrupted comes to its end, mostly in vain; what it started meanwhile is stopped as well.
      await within(CLOSE_LIMIT_MS, playing).catch(() => {});
      return exitCodes[first];
    }
    showWayOn(first);
    screen.line();
    if (!isAttached) {
      screen.say('No terminal is attached, so the demo ends here; on one it keeps running until Ctrl-C.');
      return 0;
    }
    screen.say('Everything keeps running. Ctrl-C stops it.');
    await interrupted;
    screen.line('\nstopping …');
    return 0;
  } catch (error) {
    screen.line();
    for (const line of await explain(error)) screen.line(line);
    return 1;
  }
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    return 2;
  }
  if (options.isHelp) {
    process.stdout.write(usage);
    return 0;
  }
  const closers = new Closers();
  const code = await run(options.engineCount, closers);
  const isClean = await closers.closeAll(code !== 1);
  if (isClean) screen.line(screen.dim('All is stopped.'));
  return code === 0 && !isClean ? 1 : code;
}

process.exit(await main());
