import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { uuidOf } from '../domain/alarm-event.js';
import { EngineError, messageOf } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';

/** Long enough for a process that is busy; one that is stopped does not say who it is. */
const answerLimitMs = 1_000;
const answerMaxBytes = 20;

/**
 * Makes this process the only user of a state file until it ends: two would give one number to two events.
 *
 * The kernel keeps the claim, a listening socket whose name lies in no folder (Linux only), so it is over at once however the process ends.
 * The folder counts by device and inode, so that all paths to a file are one. Another host or network namespace does not see the claim.
 *
 * @throws STORE_UNAVAILABLE when another process has it, naming that, or when the folder cannot be looked at.
 */
export async function ownStateFile(path: string, processId: number, clock: Clock): Promise<void> {
  const name = await claimName(path);
  const server = createServer((socket) => {
    // Whoever asks may be gone before the answer.
    socket.on('error', () => undefined);
    socket.unref();
    socket.end(`${processId}\n`);
  });
  try {
    await listenAt(server, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw failed(path, error);
    const owner = await ownerOf(name, clock);
    const text = `the state file ${path} is in use by ${owner === undefined ? 'another process' : `process ${owner}`}`;
    const advice = 'end that one, or name another file with --state';
    throw new EngineError('STORE_UNAVAILABLE', `${text}; ${advice}`, { retriable: true });
  }
  server.unref();
}

async function claimName(path: string): Promise<string> {
  try {
    const { dev, ino } = await stat(dirname(path), { bigint: true });
    return `\0mon-notification-state-${uuidOf([String(dev), String(ino), basename(path)])}`;
  } catch (error) {
    throw failed(path, error);
  }
}

async function listenAt(server: Server, name: string): Promise<void> {
  const listens = once(server, 'listening');
  server.listen(name);
  await listens;
  // A question that cannot be taken is no reason to end.
  server.on('error', () => undefined);
}

/** The process that has the claim, as it says itself; undefined when it does not say so in time. */
async function ownerOf(name: string, clock: Clock): Promise<number | undefined> {
  const limit = clock.limit(answerLimitMs);
  const socket = createConnection(name);
  limit.signal.addEventListener('abort', () => socket.destroy());
  try {
    let answer = '';
    for await (const bytes of socket) {
      answer += String(bytes);
      if (answer.length > answerMaxBytes) return undefined;
    }
    return /^[1-9][0-9]*\n$/.test(answer) ? Number(answer) : undefined;
  } catch {
    return undefined;
  } finally {
    limit.clear();
  }
}

function failed(path: string, error: unknown): EngineError {
  const text = `cannot claim the state file ${path}: ${messageOf(error)}; see that its folder exists and may be written to`;
  return new EngineError('STORE_UNAVAILABLE', text, { retriable: true, cause: error });
}
