/**
 * Ports and names that belong to a data directory: the same servers come back at the same addresses.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const host = '127.0.0.1';

const LOWEST_PORT = 12_000;
const ATTEMPTS = 200;

/**
 * The first port that the system gives to outgoing connections. Ours lie below: a server that is down for a moment must not
 * find its port taken by some client's connection, and a client that knocks there must not be connected to itself.
 */
function firstEphemeralPort() {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}

/** Whether a server could listen on this loopback port now. */
export async function isFree(port) {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function findFreePort(taken) {
  const end = Math.max(firstEphemeralPort(), LOWEST_PORT + 1_000);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, end);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${LOWEST_PORT} and ${end}`);
}

/**
 * Reads or makes the identity of the servers in `dir`: `{ clusterId, ports: { [name]: port } }`. Every name of `names` gets a
 * port; a recorded one that somebody else took meanwhile is replaced unless its owner in `runningNames` is us.
 */
export async function identityOf(dir, names, runningNames = []) {
  const file = join(dir, 'identity.json');
  const identity = JSON.parse(
    await readFile(file, 'utf8').catch(() =>
      JSON.stringify({ clusterId: randomBytes(16).toString('base64url'), ports: {} }),
    ),
  );
  const taken = new Set(Object.values(identity.ports));
  for (const name of names) {
    const port = identity.ports[name];
    const isOurs = port !== undefined && (runningNames.includes(name) || (await isFree(port)));
    if (!isOurs) identity.ports[name] = await findFreePort(taken);
    taken.add(identity.ports[name]);
  }
  await mkdir(dir, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(identity, undefined, 2));
  await rename(`${file}.new`, file);
  return identity;
}
