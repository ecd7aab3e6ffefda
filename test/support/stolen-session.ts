import { once } from 'node:events';
import { connect } from 'node:net';
import type { LibraryClient } from '../../src/adapters/zookeeper/client-library.js';

const closeSession = -11;

/** What proves to the servers whose session it is: 16 bytes. */
export function passwordOf(client: LibraryClient | undefined): Buffer {
  const manager = client?.connectionManager as unknown as { readonly sessionPassword: Buffer };
  return manager.sessionPassword;
}

/** Takes somebody's session over, by its number and its password, on a connection of our own, and closes it there. */
export async function endSession(port: number, id: Buffer, password: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const greeting = Buffer.alloc(45);
  greeting.writeInt32BE(10_000, 12);
  id.copy(greeting, 16);
  greeting.writeInt32BE(password.length, 24);
  password.copy(greeting, 28);
  socket.write(framed(greeting));
  await once(socket, 'data');
  const goodbye = Buffer.alloc(8);
  goodbye.writeInt32BE(1, 0);
  goodbye.writeInt32BE(closeSession, 4);
  socket.write(framed(goodbye));
  socket.resume();
  await once(socket, 'close');
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(message.length);
  return Buffer.concat([length, message]);
}
