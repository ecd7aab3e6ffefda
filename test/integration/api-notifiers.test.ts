import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { incidentKey } from '../../src/notifiers/incident-key.js';
import { ntfyPlugin } from '../../src/notifiers/ntfy/plugin.js';
import { opsgeniePlugin } from '../../src/notifiers/opsgenie/plugin.js';
import { smsPlugin } from '../../src/notifiers/sms/plugin.js';
import { telegramPlugin } from '../../src/notifiers/telegram/plugin.js';
import type { NotifierPlugin } from '../../src/ports/notifier.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { openPlugin, startHttpBench } from '../support/http-notifier-bench.js';
import { receiverOf } from '../support/http-poster.js';
import { answer, type HttpReaction } from '../support/http-receiver.js';
import { aNotification, anAlarm } from '../support/notifications.js';

const never = new AbortController().signal;
const ours = { 401: ['unauthorized', true] } as const;
const queued = answer(202, '{"result":"Request will be processed","took":0.3,"requestId":"43a29c5c-3dbf-4fa4"}');
const posted = answer(200, '{"ok":true,"result":{"message_id":42}}');
const published = answer(200, '{"id":"sPs71M8A2T","event":"message"}');
const accepted = answer(201, `{"sid":"SM${'0a'.repeat(16)}","status":"queued","body":"${canary}"}`);

notifierContract('opsgenie', () =>
  startHttpBench({
    plugin: opsgeniePlugin,
    section: (receiver) => ({ url: receiver.url('/') }),
    address: () => canary,
    takesAnyWord: true,
    badAddresses: () => ['a key', 'key\r\nX: y', 'k'.repeat(129), 'ключ'],
    success: queued,
  }),
);

const tooFast = '{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}';
notifierContract('telegram', () =>
  startHttpBench({
    plugin: telegramPlugin,
    section: (receiver) => ({ url: receiver.url('/'), token: canary }),
    address: () => '-1001234567890',
    badAddresses: () => ['12a', '@', '@1abc', '1 2', '@name/../..', '12345678901234567890123'],
    success: posted,
    statuses: { ...ours, 404: ['unauthorized', true] },
    answers: [
      ['a chat that is not there', answer(400, `{"ok":false,"description":"${canary}"}`), 'rejected', false],
      ['a person who left the bot', answer(403, '{"ok":false}'), 'unauthorized', false],
      ['too fast', answer(429, tooFast), 'rate_limited', true],
    ],
  }),
);

notifierContract('ntfy', () =>
  startHttpBench({
    plugin: ntfyPlugin,
    section: (receiver) => ({ url: receiver.url('/'), token: canary }),
    address: () => canary,
    takesAnyWord: true,
    badAddresses: () => ['a/b', 'a b', '../x', 't'.repeat(65), 'https://ntfy.sh/topic'],
    success: published,
    statuses: ours,
  }),
);

notifierContract('sms', () =>
  startHttpBench({
    plugin: smsPlugin,
    section: (receiver) => ({ url: receiver.url('/'), account: 'AC1', token: canary, from: '+15005550006' }),
    address: () => '+49 (170) 123-4567',
    badAddresses: () => [
      '0170 1234567',
      '+0',
      '+4917012345678901',
      '+49170\r\n1234567',
      '+49170x',
      `+49170 ${' '.repeat(99)}1`,
    ],
    success: accepted,
    statuses: ours,
    answers: [['a number that is none', answer(400, `{"code":21211,"message":"${canary}"}`), 'rejected', false]],
  }),
);

describe('on the wire', () => {
  async function requestOf(
    t: Parameters<typeof receiverOf>[0],
    plugin: NotifierPlugin,
    [address, react, section, newState]: readonly [string, HttpReaction, object?, string?],
  ) {
    const receiver = await receiverOf(t, react);
    const notifier = openPlugin(plugin, { url: receiver.url('/base/'), ...section }, []);
    t.after(() => notifier.close());
    const alarm = anAlarm({ newState: newState ?? 'ALARM' });
    const notification = aNotification(plugin.type, address, { alarm });
    const receipt = await notifier.send(notification, never);
    const [request] = receiver.requests;
    const headers = new Map(request?.headers.map(([name, value]) => [name.toLowerCase(), value]));
    return { receipt, notification, line: request?.line, headers, body: request?.body ?? '' };
  }

  test('opsgenie opens with POST /v2/alerts and closes the same alias', async (t) => {
    const opened = await requestOf(t, opsgeniePlugin, ['KEY', queued]);
    assert.equal(opened.line, 'POST /base/v2/alerts HTTP/1.1');
    assert.equal(opened.headers.get('authorization'), 'GenieKey KEY');
    assert.equal(opened.receipt.remoteId, '43a29c5c-3dbf-4fa4');
    const alias = incidentKey(opened.notification);
    assert.equal(JSON.parse(opened.body).alias, alias);
    const closed = await requestOf(t, opsgeniePlugin, ['KEY', queued, {}, 'OK']);
    assert.equal(closed.line, `POST /base/v2/alerts/${alias}/close?identifierType=alias HTTP/1.1`);
  });

  test('telegram names the bot in the path, and the message that it made', async (t) => {
    const { line, receipt, body } = await requestOf(t, telegramPlugin, ['@ops_room', posted, { token: '1:A_b-c' }]);
    assert.equal(line, 'POST /base/bot1:A_b-c/sendMessage HTTP/1.1');
    assert.equal(receipt.remoteId, '42');
    assert.equal(JSON.parse(body).chat_id, '@ops_room');
  });

  test('telegram names the pause in the body', async (t) => {
    await assert.rejects(requestOf(t, telegramPlugin, ['1', answer(429, tooFast), { token: 'T' }]), {
      failure: 'rate_limited',
      retryAfterMs: 35_000,
    });
  });

  test('ntfy posts to the root of the server, the topic in the body', async (t) => {
    const { line, receipt, headers, body } = await requestOf(t, ntfyPlugin, ['ops', published, { token: 'tk_1' }]);
    assert.equal(line, 'POST /base/ HTTP/1.1');
    assert.deepEqual([headers.get('authorization'), receipt.remoteId], ['Bearer tk_1', 'sPs71M8A2T']);
    assert.equal(JSON.parse(body).topic, 'ops');
    assert.equal((await requestOf(t, ntfyPlugin, ['ops', published])).headers.get('authorization'), undefined);
  });

  test('ntfy without a token leaves a refused topic to its owner', async (t) => {
    await assert.rejects(requestOf(t, ntfyPlugin, ['ops', answer(401)]), { failure: 'unauthorized', retriable: false });
  });

  test('sms sends a form, from a number or through a messaging service', async (t) => {
    const login = { account: 'AC1', token: 'T' };
    const service = `MG${'0a'.repeat(16)}`;
    const one = await requestOf(t, smsPlugin, ['+49 170 1234567', accepted, { ...login, from: '+15005550006' }]);
    assert.equal(one.line, 'POST /base/2010-04-01/Accounts/AC1/Messages.json HTTP/1.1');
    assert.equal(one.headers.get('content-type'), 'application/x-www-form-urlencoded');
    assert.equal(one.headers.get('authorization'), `Basic ${Buffer.from('AC1:T').toString('base64')}`);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(one.body)), {
      To: '+491701234567',
      Body: 'ALARM LOW: test Alarm (foo1): I am alarming!',
      From: '+15005550006',
    });
    assert.equal(one.receipt.remoteId, `SM${'0a'.repeat(16)}`);
    const two = await requestOf(t, smsPlugin, ['+491701234567', accepted, { ...login, from: service }]);
    assert.equal(new URLSearchParams(two.body).get('MessagingServiceSid'), service);
  });
});
