import { fstatSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Where finished log lines go. Never throws and never waits. */
export interface LineSink {
  /** One line, without its end. */
  write(line: string): void;
  /** Lines that could not be written since the last call. */
  takeDropped(): number;
  /**
   * Writes what waits, for a process that is about to die. Gives up after a moment when nobody reads. A thread may be writing to a file still:
   * what it has may come behind.
   */
  flushSync(): void;
}

/** A pipe takes a write of up to this many bytes in one piece; a longer one may be mixed with the lines of another process. */
const atomicBytes = 4096;
const lineEnd = 10;
const waitingBytesLimit = 1 << 20;
const lastTries = 20;
const lastTryMs = 10;

/**
 * Writes lines to a file descriptor that several processes share, such as the stderr of an engine and its workers.
 *
 * Lines wait in at most 1 MiB of memory; what does not fit is dropped and counted. Several lines go out in one write while they fit into
 * what a pipe takes in one piece. A closed or stalled reader costs lines, never the process: pipes are opened non-blocking, and the last
 * words of a dying process are given 200 ms. A disk that is full costs lines until it has room again.
 */
export function openLineSink(fd: number): LineSink {
  const writeChunk = chunkWriter(fd, {
    onBroken: () => {
      isBroken = true;
    },
    onLost: (chunk) => {
      dropped += chunk.filter((byte) => byte === lineEnd).length;
    },
  });
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let inFlight: Buffer | undefined;
  let isBroken = false;
  let dropped = 0;

  const next = (): void => {
    if (inFlight !== undefined || waiting.length === 0) return;
    inFlight = takeChunk(waiting);
    writeChunk.start(inFlight, () => {
      waitingBytes -= inFlight?.length ?? 0;
      inFlight = undefined;
      next();
    });
  };
  return {
    write(line) {
      const bytes = Buffer.from(`${line}\n`);
      if (isBroken || waitingBytes + bytes.length > waitingBytesLimit) {
        dropped += 1;
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      next();
    },
    takeDropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
    flushSync() {
      if (isBroken) return;
      if (inFlight !== undefined && !writeChunk.isTaken()) waiting.unshift(inFlight);
      isBroken = true;
      writeLast(fd, waiting);
    },
  };
}

interface ChunkWriter {
  /** True when the last chunk needs no care any more, though `done` may still be to come. */
  isTaken(): boolean;
  start(chunk: Buffer, done: () => void): void;
}

interface Losses {
  /** Nobody will ever read any more. */
  onBroken(): void;
  onLost(chunk: Buffer): void;
}

function chunkWriter(fd: number, { onBroken, onLost }: Losses): ChunkWriter {
  const kind = fstatSync(fd);
  if (!kind.isFIFO() && !kind.isSocket()) {
    const start = (chunk: Buffer, done: () => void): void => {
      write(fd, chunk, (error, writtenBytes) => {
        if (error !== null || writtenBytes < chunk.length) onLost(chunk);
        done();
      });
    };
    return { isTaken: () => true, start };
  }
  // Not fs.write: its thread would block on a stalled reader, and the process then waits for that thread when it exits.
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', onBroken);
  socket.unref();
  // What a pipe has not taken yet is not written at all. What it took at once no longer counts as waiting in the socket.
  const isTaken = () => socket.writableLength === 0;
  return { isTaken, start: (chunk, done) => void socket.write(chunk, () => done()) };
}

/** The oldest lines that fit into one atomic write, at least one. */
function takeChunk(waiting: Buffer[]): Buffer {
  let count = 0;
  let bytes = 0;
  for (const line of waiting) {
    if (count > 0 && bytes + line.length > atomicBytes) break;
    bytes += line.length;
    count += 1;
  }
  return Buffer.concat(waiting.splice(0, count), bytes);
}

function writeLast(fd: number, waiting: Buffer[]): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let chunk = takeChunk(waiting);
  for (let tries = 0; tries < lastTries && chunk.length > 0; ) {
    try {
      chunk = chunk.subarray(writeSync(fd, chunk));
      if (chunk.length === 0) chunk = takeChunk(waiting);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      tries += 1;
      Atomics.wait(pause, 0, 0, lastTryMs);
    }
  }
}
