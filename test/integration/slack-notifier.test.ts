import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { slackPlugin } from '../../src/notifiers/slack/plugin.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { badUrls, openPlugin, startHttpBench } from '../support/http-notifier-bench.js';
import { receiverOf } from '../support/http-poster.js';
import { answer, type HttpReaction, type HttpReceiver } from '../support/http-receiver.js';
import { aNotification } from '../support/notifications.js';

const never = new AbortController().signal;
const said = (body: object): HttpReaction => answer(200, JSON.stringify(body), ['content-type: application/json']);
const refused = (error: string) => said({ ok: false, error });
const apiPath = `/api/chat.postMessage?token=${canary}&channel=#${canary}`;

notifierContract('slack webhook', () =>
  startHttpBench({
    plugin: slackPlugin,
    address: (receiver) => receiver.url(`/services/T0/B0/${canary}`),
    flooded: ['rejected', 'outcome_unknown'],
    success: answer(200, 'ok'),
    answers: [
      ['200 without ok', answer(200, `failure ${canary}`), 'rejected', false],
      ['200 with an empty body', answer(200, ''), 'outcome_unknown', true],
      ['200 with ok false', said({ ok: false, error: canary }), 'rejected', false],
      ['204', answer(204), 'rejected', false],
    ],
  }),
);

notifierContract('slack Web API', () =>
  startHttpBench({
    plugin: slackPlugin,
    address: (receiver) => receiver.url(apiPath),
    flooded: ['rejected', 'outcome_unknown'],
    badAddresses: (receiver) => [
      ...badUrls(receiver.port),
      receiver.url('/api/chat.postMessage'),
      receiver.url(`/api/chat.postMessage?channel=x`),
      receiver.url(`/api/chat.postMessage?token=${canary}`),
      receiver.url(`/api/chat.postMessage?token=a%0d%0aX:b&channel=x`),
    ],
    success: said({ ok: true, ts: '1503435956.000247' }),
    answers: [
      ['channel_not_found', refused('channel_not_found'), 'rejected', false],
      ['not_in_channel', refused('not_in_channel'), 'rejected', false],
      ['is_archived', refused('is_archived'), 'rejected', false],
      ['invalid_auth', refused('invalid_auth'), 'unauthorized', false],
      ['token_revoked', refused('token_revoked'), 'unauthorized', false],
      ['missing_scope', refused('missing_scope'), 'unauthorized', false],
      ['ratelimited', refused('ratelimited'), 'rate_limited', true],
      ['internal_error', refused('internal_error'), 'server_error', true],
      ['an error that nobody knows', refused(canary), 'rejected', false],
      ['a name that is no error', refused('constructor'), 'rejected', false],
      ['an answer cut in mid-body', answer(200, '{"ok":tr'), 'outcome_unknown', true],
      ['a list', answer(200, '[]'), 'rejected', false],
    ],
  }),
);

describe('slack on the wire', () => {
  const sendTo = async (t: Parameters<typeof receiverOf>[0], receiver: HttpReceiver, path: string) => {
    const notifier = openPlugin(slackPlugin, undefined);
    t.after(() => notifier.close());
    return notifier.send(aNotification('slack', receiver.url(path)), never);
  };

  test('moves the token into a header and the channel into the body, as one request', async (t) => {
    const receiver = await receiverOf(t, said({ ok: true, ts: '1503435956.000247' }));
    const receipt = await sendTo(t, receiver, '/api/chat.postMessage?token=T&channel=#foo&username=mon');
    assert.deepEqual(receipt, { remoteId: '1503435956.000247', wire: 'ok' });
    const [request, ...more] = receiver.requests;
    assert.deepEqual(more, []);
    assert.equal(request?.line, 'POST /api/chat.postMessage HTTP/1.1');
    const headers = new Map(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(headers.get('authorization'), 'Bearer T');
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    const body = JSON.parse(request.body);
    assert.deepEqual(
      [body.channel, body.username, Object.keys(body)],
      ['#foo', 'mon', ['username', 'channel', 'text']],
    );
  });

  test('posts the text alone to a webhook', async (t) => {
    const receiver = await receiverOf(t, answer(200, 'ok'));
    await sendTo(t, receiver, '/services/T0/B0/x');
    const [request] = receiver.requests;
    assert.equal(request?.line, 'POST /services/T0/B0/x HTTP/1.1');
    assert.deepEqual(Object.keys(JSON.parse(request.body)), ['text']);
  });

  test('passes on the pause of a 429, and that of a ratelimited answer', async (t) => {
    const receiver = await receiverOf(t, answer(429, '', ['Retry-After: 30']));
    await assert.rejects(sendTo(t, receiver, '/services/x'), { failure: 'rate_limited', retryAfterMs: 30_000 });
    receiver.react = answer(200, '{"ok":false,"error":"ratelimited"}', ['Retry-After: 7']);
    await assert.rejects(sendTo(t, receiver, apiPath), { failure: 'rate_limited', retryAfterMs: 7_000 });
  });
});
