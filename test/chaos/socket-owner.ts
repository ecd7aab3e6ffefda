import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The process that holds the other end of a connection on loopback, and its parent. Linux: read from /proc. */
export interface SocketOwner {
  readonly pid: number;
  readonly parent: number;
}

/**
 * Finds who connected from `port` to our `ownPort`, or undefined when that process is gone already.
 *
 * A receiver that looks itself needs no word of the sender: a header could only say what the sender believes.
 */
export function ownerOf(port: number, ownPort: number): SocketOwner | undefined {
  const inode = inodeOf(port, ownPort);
  if (inode === undefined) return undefined;
  const wanted = `socket:[${inode}]`;
  for (const pid of processIds()) {
    if (holds(pid, wanted)) return { pid, parent: parentOf(pid) };
  }
  return undefined;
}

function inodeOf(port: number, ownPort: number): string | undefined {
  // One local port may serve connections to several others.
  const [from, to] = [port, ownPort].map((each) => `:${each.toString(16).toUpperCase().padStart(4, '0')}`);
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(from ?? '') && fields[2]?.endsWith(to ?? '')) return fields[9];
  }
  return undefined;
}

/** Newest first: that is where the engines are. */
function processIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}

function holds(pid: number, wanted: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => linkOf(`${folder}/${name}`) === wanted);
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}
