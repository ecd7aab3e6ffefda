import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { webhookPlugin } from '../../src/notifiers/webhook/plugin.js';
import type { Notifier } from '../../src/ports/notifier.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { openPlugin, startHttpBench } from '../support/http-notifier-bench.js';
import { answer, HttpReceiver } from '../support/http-receiver.js';
import { aNotification, anAlarm } from '../support/notifications.js';

const never = new AbortController().signal;

function openWebhook(timeout: number): Notifier {
  return openPlugin(webhookPlugin, { timeout });
}

notifierContract('webhook', () =>
  startHttpBench({
    plugin: webhookPlugin,
    address: (receiver) => receiver.url(`/hook/${canary}?token=${canary}`),
    success: answer(200, 'ok'),
  }),
);

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

  test('takes any 2xx for sent (H3)', async (t) => {
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

  test('a repeat after a lost answer shows the same id (H5)', async (t) => {
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

  test('signs the bytes that it sends, with the time of the attempt', async (t) => {
    const receiver = await HttpReceiver.start();
    t.after(() => receiver.close());
    const key = Buffer.alloc(24, 'k');
    const notifier = openPlugin(webhookPlugin, { secret: `whsec_${key.toString('base64')}` });
    t.after(() => notifier.close());
    const notification = aNotification('webhook', receiver.url(), { alarm: anAlarm({ alarmName: 'é' }) });
    await notifier.send(notification, never);
    const [request] = receiver.requests;
    const headers = new Map(request?.headers);
    const signed = `${notification.id}.${headers.get('webhook-timestamp')}.${request?.body}`;
    assert.equal(headers.get('webhook-signature'), `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    assert.match(headers.get('webhook-timestamp') ?? '', /^[0-9]{10}$/);
  });
});
