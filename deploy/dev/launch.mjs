/**
 * Two ways of starting a server process, with one shape: `{ start(server, hooks), signal(name, signal), close() }`. `start`
 * resolves to the pid; `hooks.ended(text)` is called once when the process is over.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runProgram } from './command.mjs';

const GRACE_MS = 5_000;
const guardFile = fileURLToPath(new URL('guard.mjs', import.meta.url));
const howItEnded = (code, signal) => (signal === null ? `exit code ${code}` : `signal ${signal}`);

/**
 * Servers that live as long as this process: a guard starts them, and stops them when its channel to us closes. It has a
 * session of its own, so that Ctrl-C reaches only us. `removeDir` is removed when all are stopped.
 */
export function guardedLauncher({ removeDir } = {}) {
  const flags = ['--max-old-space-size=16', '--max-semi-space-size=1'];
  const guard = spawn(process.execPath, [...flags, guardFile], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const running = new Map();
  const gone = once(guard, 'exit').catch(() => []);
  const answer = (message) => {
    const entry = running.get(message.name);
    if (entry === undefined) return;
    if (message.is === 'started') {
      entry.pid = message.pid;
      return entry.resolve(message.pid);
    }
    running.delete(message.name);
    if (message.is === 'failed') return entry.reject(new Error(message.message));
    entry.hooks.ended(howItEnded(message.code, message.signal));
  };
  guard.on('message', answer);
  guard.once('exit', () => {
    // Without a guard nobody would stop them: end what is left at once.
    for (const { pid, reject, hooks } of running.values()) {
      reject(new Error('the guard of the servers ended'));
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      hooks.ended('end of its guard');
    }
    running.clear();
  });
  if (removeDir !== undefined) guard.send({ do: 'remove', dir: removeDir });
  return {
    start: ({ name, command, args, env, logFile }, hooks) =>
      new Promise((resolve, reject) => {
        if (!guard.connected) return reject(new Error(`${name} cannot be started: the services were stopped`));
        running.set(name, { resolve, reject, hooks });
        guard.send({ do: 'start', name, command, args, env, logFile });
      }),
    signal: (name, signal) => {
      if (guard.connected) guard.send({ do: 'signal', name, signal });
    },
    close: async () => {
      if (guard.connected) guard.disconnect();
      await gone;
    },
  };
}

/** Servers that outlive this process, for `up`; `down` finds them by their recorded pids. */
export function detachedLauncher() {
  const children = new Map();
  return {
    start: async ({ name, command, args, env, logFile }, hooks) => {
      mkdirSync(dirname(logFile), { recursive: true });
      const log = openSync(logFile, 'a');
      const child = spawn(command, args, {
        detached: true,
        env: { ...process.env, ...env },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      await once(child, 'spawn');
      children.set(name, child);
      child.once('exit', (code, signal) => hooks.ended(howItEnded(code, signal)));
      child.unref();
      return child.pid;
    },
    signal: (name, signal) => children.get(name)?.kill(signal),
    close: async () => {},
  };
}

/** Whether process `pid` is still the one that was started with this command line. */
export async function isStillRunning({ pid, command, args }) {
  const wanted = [command, ...args];
  const found = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (found !== undefined) return found === `${wanted.join('\0')}\0`;
  const { code, output } = await runProgram('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  return code === 0 && output.trim() === wanted.join(' ');
}

/** Ends a recorded process: SIGTERM, and SIGKILL when it is still there after 5 s. Does nothing to any other process. */
export async function endRecorded(record) {
  const stop = async (signal, limitMs) => {
    const untilMs = Date.now() + limitMs;
    if (!(await isStillRunning(record))) return true;
    try {
      process.kill(record.pid, 'SIGCONT');
      process.kill(record.pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    while (Date.now() < untilMs) {
      if (!(await isStillRunning(record))) return true;
      await sleep(50);
    }
    return false;
  };
  return (await stop('SIGTERM', GRACE_MS)) || (await stop('SIGKILL', GRACE_MS));
}
