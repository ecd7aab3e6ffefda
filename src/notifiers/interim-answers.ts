import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

const anyInterim = Buffer.from('HTTP/1.1 1');
const unasked = Buffer.from('HTTP/1.1 100');
const headEnd = Buffer.from('\r\n\r\n');
const two = 0x32;

/**
 * Connections on which `100 Continue` arrives as 102.
 *
 * undici takes a 100 that it has not asked for as the end of the connection, and passes over every other interim answer; a client has to
 * pass over this one too, since its sender does the work. Source: RFC 9110 15.2.
 */
export function withoutContinue(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, renamingContinue(socket));
      else callback(error, null);
    });
  };
}

/** The bytes keep their number and their places, so nothing has to be held back. Requires that there is one request at a time. */
function renamingContinue<S extends Socket>(socket: S): S {
  /** What is looked for; undefined from the line of the answer proper to the next request. */
  let wanted: Buffer | undefined;
  let foundBytes = 0;
  const look = (text: Buffer | undefined) => {
    wanted = text;
    foundBytes = 0;
  };
  const rename = (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length && wanted !== undefined; at += 1) {
      if (chunk[at] === wanted[foundBytes]) foundBytes += 1;
      else if (wanted === headEnd) foundBytes = chunk[at] === headEnd[0] ? 1 : 0;
      else look(foundBytes < anyInterim.length ? undefined : headEnd);
      if (foundBytes !== wanted?.length) continue;
      if (wanted === unasked) chunk[at] = two;
      look(wanted === unasked ? headEnd : unasked);
    }
  };
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: unknown = read(size);
    if (wanted !== undefined && Buffer.isBuffer(chunk)) rename(chunk);
    return chunk;
  };
  const write = socket.write.bind(socket);
  socket.write = ((...request: Parameters<typeof write>) => {
    look(unasked);
    return write(...request);
  }) as typeof write;
  return socket;
}
