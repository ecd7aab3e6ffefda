/**
 * Failing in words that help, and waiting that ends.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../command.mjs';
import { withProgress } from '../progress.mjs';

const LOOK_EVERY_MS = 20;
const LIMIT_MS = 60_000;

/** Something did not happen. `where`: the part concerned; `check`: what to look at; `logFile` and `state`: of that part. */
export class DemoFailure extends Error {
  constructor(message, { where, check, logFile, state, cause } = {}) {
    super(message, { cause });
    Object.assign(this, { where, check, logFile, state });
  }
}

/** Runs `work`; what it throws becomes a `DemoFailure` that says what was attempted, where, and what to check. */
export async function attempt(what, { where, check }, work) {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DemoFailure) throw cause;
    throw new DemoFailure(`${what}: ${cause.message || cause.code || cause.name}`, { where, check, cause });
  }
}

/**
 * Looks again and again until `look()` answers with something true, and answers with that. Fails when that takes more than a minute,
 * or at once when `engine`, whose work is waited for, has ended.
 */
export async function until(what, { look, engine, check, log }) {
  return await withProgress(log, `waiting for ${what}`, async () => {
    const untilMs = Date.now() + LIMIT_MS;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (!engine.isRunning) throw await failureOf(engine, check, `it ended while the demo waited for ${what}`);
      if (Date.now() > untilMs)
        throw await failureOf(engine, check, `waited ${LIMIT_MS / 1_000} s in vain for ${what}`);
      await sleep(LOOK_EVERY_MS);
    }
  });
}

async function failureOf(engine, check, message) {
  const { name, pid, logFile } = engine;
  // An engine that is gone says nothing more; its log does. The producer has no status to ask for.
  const state = await engine.status?.().then(JSON.stringify, () => 'no answer');
  return new DemoFailure(`${name}: ${message}`, {
    where: `${name} (pid ${pid}), log ${logFile}`,
    check,
    logFile,
    state,
  });
}

/** Lines that tell a person about any error of the demo, the last log lines of the part included. */
export async function explain(error) {
  const { message, where, check, logFile, state } = error;
  const isExpected = error instanceof DemoFailure;
  const log = logFile === undefined ? '' : await readFile(logFile, 'utf8').catch(() => '');
  return [
    `The demo failed. ${isExpected ? message : (error.stack ?? message)}`,
    ...(where === undefined ? [] : [`  where: ${where}`]),
    ...(check === undefined ? [] : [`  check: ${check}`]),
    ...(state === undefined ? [] : [`  its /status.json: ${state}`]),
    ...(log === '' ? [] : ['  its last log lines:', lastLines(log, 12).replace(/^/gm, '    ')]),
  ];
}
