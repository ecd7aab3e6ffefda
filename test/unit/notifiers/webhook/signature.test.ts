import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { Secret } from '../../../../src/domain/secret.js';
import { webhookPlugin } from '../../../../src/notifiers/webhook/plugin.js';
import { readSecrets, signatureHeaders } from '../../../../src/notifiers/webhook/signature.js';

/** The vector that the reference libraries of Standard Webhooks test their signing with. */
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  atMs: 1_614_265_330_000,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

function secretsOf(text: string): readonly Secret[] {
  return readSecrets(text) ?? assert.fail('not read as secrets');
}

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 'k').toString('base64')}`;

describe('a webhook signature', () => {
  test('is the published one for the published vector', () => {
    const { secret, id, atMs, body, signature } = published;
    assert.deepEqual(signatureHeaders(secretsOf(secret), id, atMs + 999, body), {
      'webhook-timestamp': '1614265330',
      'webhook-signature': signature,
    });
  });

  test('stands there once for each secret while they change', () => {
    const { secret, id, atMs, body, signature } = published;
    const headers = signatureHeaders(secretsOf(`${secretOf(32)}  ${secret}\n`), id, atMs, body);
    const [first, second, ...more] = headers['webhook-signature']?.split(' ') ?? [];
    assert.equal(second, signature);
    assert.match(first ?? '', /^v1,[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(more, []);
  });

  test('changes with id, time and body', () => {
    const { secret, id, atMs, body } = published;
    const sign = (...facts: [string, number, string]) =>
      signatureHeaders(secretsOf(secret), ...facts)['webhook-signature'];
    const all = [sign(id, atMs, body), sign('x', atMs, body), sign(id, atMs + 1000, body), sign(id, atMs, `${body} `)];
    assert.equal(new Set(all).size, 4);
  });

  test('is absent without a secret', () => {
    assert.deepEqual(signatureHeaders(secretsOf(''), 'id', 0, '{}'), {});
  });
});

test('a secret of another form is refused and never shown', () => {
  for (const secret of [
    'hunter2hunter2hunter2hunter2',
    secretOf(23),
    secretOf(65),
    `${secretOf(24)} whsec_`,
    'whsec_ä',
  ]) {
    const configured = webhookPlugin.configure({ secret });
    assert.ok(configured.kind === 'wrong', secret);
    assert.deepEqual(
      configured.problems.map(({ key }) => key),
      ['secret'],
    );
    assert.ok(!inspect(configured, { depth: 9 }).includes(secret));
  }
  for (const size of [24, 64]) {
    const configured = webhookPlugin.configure({ secret: secretOf(size) });
    assert.ok(configured.kind === 'ready' && !inspect(configured, { depth: 9 }).includes(secretOf(size)));
  }
});
