/**
 * Telling a person what takes so long, and waiting for each other: small things that every script here needs.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SPEAK_AFTER_MS = 2_000;
const SPEAK_EVERY_MS = 10_000;

/** Writes one line to stderr: the default of every `log` option. */
export function logToStderr(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs `work` and answers with its result. Silent when it is quick; after 2 s, and then every 10 s, a line says what is being
 * waited for, and a last one when it is over.
 */
export async function withProgress(log, what, work) {
  const startedAtMs = Date.now();
  const seconds = () => ((Date.now() - startedAtMs) / 1_000).toFixed(1);
  let hasSpoken = false;
  let timer = setTimeout(function speak() {
    log(hasSpoken ? `  … ${what} (${seconds()} s)` : `${what} …`);
    hasSpoken = true;
    timer = setTimeout(speak, SPEAK_EVERY_MS);
    timer.unref();
  }, SPEAK_AFTER_MS);
  timer.unref();
  try {
    const result = await work();
    if (hasSpoken) log(`${what}: done after ${seconds()} s`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function takeLock(file) {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  // An empty file is a holder between creating and writing it; a dead one has left its lock behind.
  if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
  return false;
}

/**
 * Runs `work` while no other process holds `file`. Meant to save double work, not to protect data: two processes that remove
 * the lock of a dead one at the same instant may both run, so whatever `work` writes must appear by one rename.
 */
export async function withLock(file, log, work) {
  await mkdir(dirname(file), { recursive: true });
  await withProgress(log, `waiting for another process to release ${file}`, async () => {
    while (!(await takeLock(file))) await sleep(100);
  });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
