import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeliveryFailure } from '../../src/domain/errors.js';
import { webhookPlugin } from '../../src/notifiers/webhook/plugin.js';
import type { Notifier } from '../../src/ports/notifier.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { canary, type NotifierBench, notifierContract, type ReceiverFault } from '../contract/notifier.js';
import { answer, type HttpReaction, HttpReceiver } from '../support/http-receiver.js';
import { aNotification, anAlarm } from '../support/notifications.js';
import { silentLogger } from '../support/silent-logger.js';

const never = new AbortController().signal;

function openWebhook(timeout: number, allow: readonly string[] = ['127.0.0.0/8']): Notifier {
  const configured = webhookPlugin.configure({ timeout });
  assert.ok(configured.kind === 'ready');
  const http = { allow, concurrencyPerDestination: 64 };
  return configured.open({ logger: silentLogger, clock: systemClock, random: systemRandom, http, senders: 4 });
}

/** Statuses and what becomes of them: the table of deploy/OPERATIONS.md. */
const statuses: readonly (readonly [status: number, failure: DeliveryFailure, retriable: boolean])[] = [
  [300, 'rejected', false],
  [301, 'rejected', false],
  [302, 'rejected', false],
  [303, 'rejected', false],
  [304, 'rejected', false],
  [307, 'rejected', false],
  [308, 'rejected', false],
  [400, 'rejected', false],
  [401, 'unauthorized', false],
  [403, 'unauthorized', false],
  [404, 'rejected', false],
  [405, 'rejected', false],
  [407, 'unauthorized', false],
  [408, 'timed_out', true],
  [409, 'rejected', false],
  [410, 'rejected', false],
  [413, 'rejected', false],
  [422, 'rejected', false],
  [425, 'rate_limited', true],
  [429, 'rate_limited', true],
  [451, 'rejected', false],
  [500, 'server_error', true],
  [501, 'server_error', true],
  [502, 'server_error', true],
  [503, 'server_error', true],
  [504, 'server_error', true],
  [599, 'server_error', true],
];

async function startBench(): Promise<NotifierBench> {
  const receiver = await HttpReceiver.start();
  const path = `/hook/${canary}?token=${canary}`;
  const reacts = (react: HttpReaction) => () => {
    receiver.react = react;
  };
  const lost: readonly DeliveryFailure[] = ['outcome_unknown'];
  const broken = (what: string, react: HttpReaction): ReceiverFault => ({
    what,
    cause: reacts(react),
    failures: lost,
    retriable: true,
  });
  return {
    type: 'webhook',
    address: receiver.url(path),
    badAddresses: [
      'ftp://receiver.example/',
      'file:///etc/passwd',
      'gopher://127.0.0.1:25/',
      'javascript:alert(1)',
      'data:,x',
      'receiver.example/hook',
      '//receiver.example/hook',
      'http://',
      'http://[::1',
      'http://receiver.example:99999/',
      `http://user:${canary}@127.0.0.1:${receiver.port}/`,
      `http://${canary}@127.0.0.1:${receiver.port}/`,
      `http://127.0.0.1:${receiver.port}/a b`,
      `http://127.0.0.1:${receiver.port}/\r\nX-Injected: ${canary}`,
      `ht\ntp://127.0.0.1:${receiver.port}/`,
    ],
    faults: [
      ...statuses.map(([status, failure, retriable]) => ({
        what: `status ${status}`,
        // A receiver may well repeat what it was sent.
        cause: reacts((socket, request) => answer(status, request.line + request.body)(socket, request)),
        failures: [failure],
        retriable,
      })),
      broken('a reset after the request', (socket) => socket.resetAndDestroy()),
      broken('a close after the request', (socket) => socket.destroy()),
      broken('an answer that is no HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n')),
      broken('an answer cut in its status line', (socket) => socket.end('HTTP/1.')),
      broken('100,000 headers', (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        socket.write(Array.from({ length: 1e5 }, (_, at) => `x-${at}: y\r\n`).join(''));
      }),
    ],
    silences: [
      broken('an accepted request and no answer', () => {}),
      broken('half a status line', (socket) => socket.write('HTTP/1.1 20')),
      broken('half the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: b\r\n')),
      {
        what: 'a connection that nobody reads',
        cause: () => {
          receiver.reads = false;
        },
        failures: lost,
        retriable: true,
      },
    ],
    open: openWebhook,
    reset: () => {
      receiver.react = answer(200, 'ok');
      receiver.reads = true;
      receiver.requests.length = 0;
    },
    receivedIds: () =>
      receiver.requests.map(({ headers }) => headers.find(([name]) => name === 'webhook-id')?.[1] ?? 'none'),
    contactCount: () => receiver.connectionCount,
    close: () => receiver.close(),
  };
}

notifierContract('webhook', startBench);

describe('webhook on the wire', () => {
  test('posts the ten keys with one content type and the two id headers', async (t) => {
    const receiver = await HttpReceiver.start();
    t.after(() => receiver.close());
    const notifier = openWebhook(5);
    t.after(() => notifier.close());
    const notification = aNotification('webhook', receiver.url('/a/b?x=1&y=%20'));
    assert.deepEqual(await notifier.send(notification, never), { remoteId: undefined, wire: 'HTTP 200 OK' });
    const [request] = receiver.requests;
    assert.equal(request?.line, 'POST /a/b?x=1&y=%20 HTTP/1.1');
    const headers = request.headers.map(([name, value]) => [name.toLowerCase(), value]);
    assert.deepEqual(headers, [
      ['host', `127.0.0.1:${receiver.port}`],
      ['connection', 'keep-alive'],
      ['content-type', 'application/json'],
      ['webhook-id', notification.id],
      ['idempotency-key', notification.id],
      ['accept-encoding', 'identity'],
      ['content-length', String(Buffer.byteLength(request.body))],
    ]);
    const keys = Object.keys(JSON.parse(request.body));
    assert.equal(
      keys.slice(0, 10).join(),
      'alarm_id,alarm_definition_id,alarm_name,alarm_description,alarm_timestamp,state,old_state,message,tenant_id,metrics',
    );
  });

  test('takes any 2xx for sent', async (t) => {
    const receiver = await HttpReceiver.start();
    t.after(() => receiver.close());
    const notifier = openWebhook(5);
    t.after(() => notifier.close());
    for (const status of [200, 201, 202, 204, 206, 299]) {
      receiver.react = answer(status);
      await notifier.send(aNotification('webhook', receiver.url()), never);
    }
    assert.equal(receiver.requests.length, 6);
  });

  test('passes on the pause that the receiver asks for', async (t) => {
    const receiver = await HttpReceiver.start();
    t.after(() => receiver.close());
    const notifier = openWebhook(5);
    t.after(() => notifier.close());
    for (const [header, expected] of [
      ['120', 120_000],
      ['99999999', 3_600_000],
      ['Mon, 01 Jan 2001 00:00:00 GMT', 0],
      ['soon', undefined],
    ] as const) {
      receiver.react = answer(429, '', [`Retry-After: ${header}`]);
      await assert.rejects(notifier.send(aNotification('webhook', receiver.url()), never), { retryAfterMs: expected });
    }
  });

  test('10.5: echoes a numeric definition id as a number', async (t) => {
    const receiver = await HttpReceiver.start();
    t.after(() => receiver.close());
    const notifier = openWebhook(5);
    t.after(() => notifier.close());
    const alarm = anAlarm({ alarmId: '0', alarmDefinitionId: '0', rawAlarm: '{"alarmId":"0","alarmDefinitionId":0}' });
    await notifier.send(aNotification('webhook', receiver.url(), { alarm }), never);
    const body = JSON.parse(receiver.requests[0]?.body ?? '');
    assert.deepEqual([body.alarm_id, body.alarm_definition_id, body.alarm_timestamp], ['0', 0, 1_429_023_453]);
  });

  test('H5: a repeat after a lost answer shows the same id', async (t) => {
    const receiver = await HttpReceiver.start();
    t.after(() => receiver.close());
    const notifier = openWebhook(5);
    t.after(() => notifier.close());
    receiver.react = (socket) => socket.destroy();
    const notification = aNotification('webhook', receiver.url());
    await assert.rejects(notifier.send(notification, never), { failure: 'outcome_unknown', retriable: true });
    receiver.react = answer(200);
    await notifier.send({ ...notification, attempt: 2 }, never);
    const ids = receiver.requests.map(({ headers }) => headers.filter(([name]) => name === 'webhook-id'));
    assert.deepEqual(ids[0], ids[1]);
  });
});
