import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { parseRow } from '../../src/digest/stored-row.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { openTestBus } from '../support/digest/digest-world.js';
import { startPrivateServices } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const alarmCount = 600;

/** Resolves at the first mark of this user that is seen to be cleared. */
async function firstCleared(state: KV, userId: string): Promise<void> {
  for await (const { operation, value } of await state.watch()) {
    const row = operation === 'PUT' && value.length > 0 ? rowIn(Buffer.from(value).toString()) : undefined;
    if (row?.userId === userId && row.kind === 'alarm' && row.alarm?.toSend === false) return;
  }
}

/** The bucket holds other things, too. */
function rowIn(text: string): ReturnType<typeof parseRow> | undefined {
  return text.startsWith('{"u":') ? parseRow(text) : undefined;
}

async function markedCount(state: KV, userId: string): Promise<number> {
  let count = 0;
  for await (const { operation, value, delta } of await state.watch()) {
    const row = operation === 'PUT' ? rowIn(Buffer.from(value).toString()) : undefined;
    if (row?.userId === userId && row.kind === 'alarm' && row.alarm?.toSend === true) count += 1;
    if (delta === 0) break;
  }
  return count;
}

describe('a digest on JetStream that is killed while it clears its marks', () => {
  it('tells every alarm under one id', async (t) => {
    const { natsUrl } = await startPrivateServices(t, { only: ['nats'] });
    const server = new URL(natsUrl);
    const proxy = await TcpProxy.to(Number(server.port), server.hostname);
    t.after(() => proxy.close());
    const digest = new DigestProcess(['--nats', `nats://127.0.0.1:${proxy.port}`]);
    t.after(async () => void (await digest.end('SIGKILL')));
    digest.start();
    await digest.takesOver();
    const nats = await connect({ servers: natsUrl });
    t.after(() => nats.close());
    const state = await new Kvm(jetstream(nats)).open('DIGEST_STATE');
    const idsOf = new Map<string, Set<string>>();
    nats.subscribe('AlarmDigest', {
      callback: (_error, message) => {
        const id = message.headers?.get('Nats-Msg-Id') ?? 'none';
        const { UserID, ActiveAlarms } = message.json<{ UserID: string; ActiveAlarms: { AlarmID: string }[] }>();
        for (const { AlarmID } of ActiveAlarms) {
          const alarm = `${UserID} ${AlarmID}`;
          idsOf.set(alarm, (idsOf.get(alarm) ?? new Set()).add(id));
        }
      },
    });
    await nats.flush();
    const bus = await openTestBus(['--nats', natsUrl], t);
    const userId = 'user';
    for (let alarm = 0; alarm < alarmCount; alarm += 1) {
      const change = { AlarmID: `${alarm}`, UserID: userId, Status: 'CRITICAL', ChangedAt: '2026-01-01T00:00:00Z' };
      bus.publish('status', userId, JSON.stringify(change));
    }
    await bus.flush();
    await waitFor(async () => (await markedCount(state, userId)) === alarmCount, 'the alarms', { timeoutMs: 60_000 });

    // Of the rows without their mark one piece of the stream reaches the server, which is some of them and never all.
    proxy.swallowAfter((request) => request.includes('"d":0'));
    const cleared = firstCleared(state, userId);
    bus.publish('command', userId, JSON.stringify({ UserID: userId }));
    await bus.flush();
    await cleared;
    await digest.end('SIGKILL');
    const leftCount = await markedCount(state, userId);
    proxy.resume();
    digest.start();
    await digest.takesOver();
    bus.publish('command', userId, JSON.stringify({ UserID: userId }));
    await bus.flush();
    const isSettled = async () => (await markedCount(state, userId)) === 0 && idsOf.has(`${userId} 0`);
    await waitFor(isSettled, 'the digest and its marks', { timeoutMs: 60_000 });
    t.diagnostic(`killed with ${leftCount} of ${alarmCount} marks left`);
    assert.ok(leftCount > 0 && leftCount < alarmCount, 'no kill hit the middle');
    assert.equal(idsOf.size, alarmCount);
    assert.deepEqual([...idsOf].filter(([, ids]) => ids.size !== 1).length, 0);
  });
});
