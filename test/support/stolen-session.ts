import { connect } from 'node:net';
import type { LibraryClient } from '../../src/adapters/zookeeper/client-library.js';

const closeSession = -11;

/** What proves to the servers whose session it is: 16 bytes. */
export function passwordOf(client: LibraryClient | undefined): Buffer {
  const manager = client?.connectionManager as unknown as { readonly sessionPassword: Buffer };
  return manager.sessionPassword;
}

/**
 * Takes somebody's session over, by its number and its password, on a connection of our own, and closes it there. Its owner may take it back
 * in between, so this goes on until the server says that there is no such session.
 */
export async function endSession(port: number, id: Buffer, password: Buffer): Promise<void> {
  while (await isThereAndToldToEnd(port, id, password));
}

async function isThereAndToldToEnd(port: number, id: Buffer, password: Buffer): Promise<boolean> {
  const read: Buffer[] = [];
  const socket = connect(port, '127.0.0.1')
    .on('data', (bytes) => read.push(bytes))
    // The server may have closed before it has read the goodbye.
    .on('error', () => undefined);
  const greeting = Buffer.alloc(45);
  greeting.writeInt32BE(10_000, 12);
  id.copy(greeting, 16);
  greeting.writeInt32BE(password.length, 24);
  password.copy(greeting, 28);
  const goodbye = Buffer.alloc(8);
  goodbye.writeInt32BE(1, 0);
  goodbye.writeInt32BE(closeSession, 4);
  socket.write(Buffer.concat([framed(greeting), framed(goodbye)]));
  await new Promise((resolve) => socket.once('close', resolve));
  const answer = Buffer.concat(read);
  // Length, protocol version, then the session's timeout, 0 of one that is over.
  return answer.length < 12 || answer.readInt32BE(8) > 0;
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(message.length);
  return Buffer.concat([length, message]);
}
