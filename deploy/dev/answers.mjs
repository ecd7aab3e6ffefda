/**
 * "Ready" means that a server answered a request. These are the requests, in the few bytes that each protocol needs, so that
 * nothing has to be installed to ask them. Each answers true or false, or rejects; none takes longer than a second.
 */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

const CONVERSATION_LIMIT_MS = 1_000;

/** Opens a connection, lets `talk({ write, read, readLine })` use it, and closes it whatever happens. */
async function converse(host, port, talk) {
  const socket = connect({ host, port });
  socket.setTimeout(CONVERSATION_LIMIT_MS, () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
  let received = Buffer.alloc(0);
  let wake = () => {};
  let failure;
  const settle = (error) => {
    failure ??= error ?? new Error(`${host}:${port} closed the connection`);
    wake();
  };
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  socket.on('error', settle);
  socket.on('close', () => settle());
  const more = () =>
    new Promise((resolve, reject) => {
      wake = () => (failure === undefined ? resolve() : reject(failure));
      if (failure !== undefined) reject(failure);
    });
  const read = async (count) => {
    while (received.length < count) await more();
    const bytes = received.subarray(0, count);
    received = received.subarray(count);
    return bytes;
  };
  const readLine = async () => {
    while (!received.includes(0x0a)) await more();
    return (await read(received.indexOf(0x0a) + 1)).toString();
  };
  try {
    return await talk({ write: (bytes) => socket.write(bytes), read, readLine });
  } finally {
    socket.destroy();
  }
}

/** ZooKeeper: `ruok` is answered by `imok`. */
export async function zookeeperAnswers({ host, port }) {
  return await converse(host, port, async ({ write, read }) => {
    write('ruok');
    return (await read(4)).toString() === 'imok';
  });
}

/** NATS: a PING after the greeting is answered by a PONG. */
export async function natsAnswers({ host, port }) {
  return await converse(host, port, async ({ write, readLine }) => {
    await readLine();
    write('CONNECT {"verbose":false}\r\nPING\r\n');
    return (await readLine()).startsWith('PONG');
  });
}

const int16 = (value) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value) => Buffer.from([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);
const text = (value) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);

async function kafkaRequest({ write, read }, apiKey, version, body) {
  const request = Buffer.concat([int16(apiKey), int16(version), int32(1), text('services'), body]);
  write(Buffer.concat([int32(request.length), request]));
  const length = (await read(4)).readInt32BE(0);
  return (await read(length)).subarray(4);
}

async function saslLogIn(connection, { username, password }) {
  const handshake = await kafkaRequest(connection, 17, 1, text('PLAIN'));
  if (handshake.readInt16BE(0) !== 0) throw new Error('SASL PLAIN is not offered');
  const token = Buffer.from(`\0${username}\0${password}`);
  const answer = await kafkaRequest(connection, 36, 0, Buffer.concat([int32(token.length), token]));
  if (answer.readInt16BE(0) !== 0) throw new Error('SASL PLAIN: wrong user or password');
}

/** The ports of the brokers in a Metadata (version 5) response. */
function brokerPorts(response) {
  const ports = [];
  let at = 8;
  for (let left = response.readInt32BE(4); left > 0; left -= 1) {
    const hostLength = response.readInt16BE(at + 4);
    ports.push(response.readInt32BE(at + 6 + hostLength));
    const rackLength = response.readInt16BE(at + 10 + hostLength);
    at += 12 + hostLength + Math.max(rackLength, 0);
  }
  return ports;
}

/** Kafka: a Metadata request is answered, and all `expectedPorts` are in it: those brokers are registered and not fenced. */
export async function kafkaAnswers({ host, port, expectedPorts = [], sasl }) {
  return await converse(host, port, async (connection) => {
    if (sasl !== undefined) await saslLogIn(connection, sasl);
    const response = await kafkaRequest(connection, 3, 5, Buffer.concat([int32(0), Buffer.from([0])]));
    const ports = brokerPorts(response);
    return ports.length > 0 && expectedPorts.every((expected) => ports.includes(expected));
  });
}

const sha1 = (...parts) => createHash('sha1').update(Buffer.concat(parts)).digest();

/** The answer to the server's scramble: mysql_native_password. */
function nativePassword(password, scramble) {
  const once = sha1(Buffer.from(password));
  const mask = sha1(scramble, sha1(once));
  return Buffer.from(once.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

async function mysqlPacket({ read }) {
  const header = await read(4);
  return await read(header.readUIntLE(0, 3));
}

/** MariaDB: logs in and gets an answer to `SELECT 1`. */
export async function mysqlAnswers({ host, port, user, password }) {
  return await converse(host, port, async (connection) => {
    const greeting = await mysqlPacket(connection);
    if (greeting[0] !== 10) return false;
    const at = greeting.indexOf(0, 1) + 5;
    const scramble = Buffer.concat([greeting.subarray(at, at + 8), greeting.subarray(at + 27, at + 39)]);
    const capabilities = Buffer.from([0x01, 0x82, 0x08, 0x00]); // long password, protocol 4.1, secure connection, plugin name
    const proof = nativePassword(password, scramble);
    const login = Buffer.concat([
      ...[capabilities, int32(0), Buffer.from([45]), Buffer.alloc(23), Buffer.from(`${user}\0`)],
      ...[Buffer.from([proof.length]), proof, Buffer.from('mysql_native_password\0')],
    ]);
    connection.write(Buffer.concat([Buffer.from([login.length, 0, 0, 1]), login]));
    if ((await mysqlPacket(connection))[0] !== 0) return false;
    const query = Buffer.from('\x03SELECT 1');
    connection.write(Buffer.concat([Buffer.from([query.length, 0, 0, 0]), query]));
    return (await mysqlPacket(connection))[0] === 1;
  });
}
