import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReceiptLedger } from '../support/receipt-ledger.js';
import { nowMs } from './history.js';
import { ownerOf, type SocketOwner } from './socket-owner.js';

/** One line of the ledger. */
export interface ReceiptLine {
  readonly t: number;
  readonly id: string;
  readonly alarm: string;
  readonly name: string;
  readonly method: string;
  readonly pid?: number;
  readonly parent?: number;
}

/** Told to the parent once a second, for its progress line. */
const tellEveryMs = 1_000;
let count = 0;
let isHanging = false;
const owners = new WeakMap<object, SocketOwner | undefined>();

async function take(request: IncomingMessage, response: ServerResponse, ledger: ReceiptLedger): Promise<void> {
  const t = nowMs();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  if (isHanging) return;
  const { alarm_id: alarm, alarm_name: name } = JSON.parse(Buffer.concat(chunks).toString());
  const owner = owners.get(request.socket);
  const line: ReceiptLine = {
    t,
    id: String(request.headers['webhook-id']),
    alarm,
    name,
    method: request.url?.slice(1) ?? '',
    ...owner,
  };
  await ledger.append(line);
  count += 1;
  response.end();
}

/** `fork(receiver.js, [LEDGER])`: a webhook receiver whose every answer comes after its line in the ledger is on the disk. */
const ledger = await ReceiptLedger.open(process.argv[2] ?? '', { fsync: true });
const server = createServer((request, response) => {
  take(request, response, ledger).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
const engines = new Map<number, number>();
server.on('connection', (socket) =>
  owners.set(socket, ownerBefore(ownerOf(socket.remotePort ?? 0, socket.localPort ?? 0))),
);
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
setInterval(() => process.send?.({ count }), tellEveryMs);
process.on('message', (told: { isHanging: boolean }) => {
  isHanging = told.isHanging;
});
process.once('disconnect', () => process.exit(0));

/** The engine of an orphan is the parent that it had: init takes over whoever outlives its engine by a moment. */
function ownerBefore(owner: SocketOwner | undefined): SocketOwner | undefined {
  if (owner === undefined) return undefined;
  const parent = owner.parent === 1 ? engines.get(owner.pid) : owner.parent;
  if (parent === undefined) return undefined;
  engines.set(owner.pid, parent);
  return { pid: owner.pid, parent };
}
