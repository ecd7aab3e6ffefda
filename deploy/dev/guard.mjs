/**
 * Starts servers for its parent and outlives it by as long as it takes to stop them: when the parent's end of the channel
 * closes, for whatever reason, kill -9 included, every server gets SIGTERM, after 5 s SIGKILL.
 *
 * Takes `{ do: 'start', name, command, args, env, logFile }`, `{ do: 'signal', name, signal }`, `{ do: 'remove', dir }`;
 * tells `{ is: 'started', name, pid }`, `{ is: 'ended', name, code, signal }`, `{ is: 'failed', name, message }`.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

const GRACE_MS = 5_000;
const servers = new Map();
const foldersToRemove = new Set();
let isEnding = false;

function tell(message) {
  // The parent may have gone between our look and our word.
  if (process.connected) process.send(message, () => {});
}

function start({ name, command, args, env, logFile }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  closeSync(log);
  servers.set(name, child);
  child.once('spawn', () => tell({ is: 'started', name, pid: child.pid }));
  child.once('error', (error) => {
    servers.delete(name);
    tell({ is: 'failed', name, message: error.message });
  });
  child.once('exit', (code, signal) => {
    if (servers.get(name) === child) servers.delete(name);
    tell({ is: 'ended', name, code, signal });
    if (isEnding) endIfEmpty();
  });
}

function endIfEmpty() {
  if (servers.size > 0) return;
  for (const dir of foldersToRemove) rmSync(dir, { recursive: true, force: true });
  process.exit(0);
}

function end() {
  if (isEnding) return;
  isEnding = true;
  for (const child of servers.values()) {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
  }
  setTimeout(() => {
    for (const child of servers.values()) child.kill('SIGKILL');
  }, GRACE_MS);
  endIfEmpty();
}

process.on('message', (message) => {
  if (message.do === 'start') start(message);
  if (message.do === 'signal') servers.get(message.name)?.kill(message.signal);
  if (message.do === 'remove') foldersToRemove.add(message.dir);
});
process.on('disconnect', end);
process.on('SIGTERM', end);
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
