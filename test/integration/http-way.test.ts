import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import type { DeliveryError } from '../../src/domain/errors.js';
import { Secret } from '../../src/domain/secret.js';
import { builtinNotifiers } from '../../src/notifiers/builtin.js';
import type { NotifierPlugin } from '../../src/ports/notifier.js';
import { apiAddresses } from '../support/api-addresses.js';
import { certificateFile } from '../support/certificates.js';
import { ConnectProxy } from '../support/connect-proxy.js';
import { openPlugin } from '../support/http-notifier-bench.js';
import { poster, receiverOf } from '../support/http-poster.js';
import { HttpReceiver } from '../support/http-receiver.js';
import { aNotification } from '../support/notifications.js';

const never = new AbortController().signal;
const byHttp = builtinNotifiers.filter(({ type }) => type !== 'email');

/** One send to `url`; what was thrown. What the receiver thinks of the request does not matter here. */
async function sendTo(t: TestContext, plugin: NotifierPlugin, url: string, section: Readonly<Record<string, unknown>>) {
  const { type } = plugin;
  const addressOf = apiAddresses[type];
  const api = { url, token: 't', account: 'AC1', from: 'mon' };
  const notifier = openPlugin(
    plugin,
    { ...(addressOf === undefined ? {} : api), ...section },
    addressOf === undefined ? ['127.0.0.1'] : [],
  );
  t.after(() => notifier.close());
  const address = addressOf?.(url) ?? `${url}/hook`;
  const sending = notifier.send(aNotification(type, address), never);
  return await sending.then(
    () => undefined,
    (error: DeliveryError) => error,
  );
}

describe('TLS to receivers', () => {
  for (const plugin of byHttp) {
    test(`${plugin.type} trusts the authorities of ca_certs, and nobody else`, async (t) => {
      const receiver = await receiverOf(t, undefined, 'good');
      const url = `https://127.0.0.1:${receiver.port}`;
      const error = await sendTo(t, plugin, url, {});
      assert.deepEqual([error?.failure, error?.retriable, receiver.requests.length], ['unreachable', true, 0]);
      await sendTo(t, plugin, url, { ca_certs: certificateFile('ca') });
      assert.ok(receiver.requests.length > 0);
    });

    test(`674cdfb: ${plugin.type} takes a certificate of another name only when insecure says so`, async (t) => {
      const receiver = await receiverOf(t, undefined, 'wrong-name');
      const url = `https://127.0.0.1:${receiver.port}`;
      for (const insecure of [undefined, false]) {
        const error = await sendTo(t, plugin, url, { insecure, ca_certs: certificateFile('ca') });
        assert.deepEqual([error?.failure, receiver.requests.length], ['unreachable', 0]);
      }
      await sendTo(t, plugin, url, { insecure: true });
      assert.ok(receiver.requests.length > 0);
    });
  }

  test('is at least 1.2, also where certificates are not verified', async (t) => {
    const pem = readFileSync(certificateFile('good'));
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const receiver = await HttpReceiver.start({ key: pem, cert: pem, ...old });
    t.after(() => receiver.close());
    const way = { ca: undefined, isInsecure: true, proxy: undefined };
    for (const changes of [{}, { way }]) {
      await assert.rejects(poster(t, changes)(receiver.url()), { failure: 'unreachable', retriable: true });
    }
    assert.equal(receiver.requests.length, 0);
  });
});

describe('the proxy', () => {
  for (const plugin of byHttp) {
    test(`facf67e: ${plugin.type} goes to https through it, with TLS to the receiver, and to http without it`, async (t) => {
      const proxy = await ConnectProxy.start();
      t.after(() => proxy.close());
      const secure = await receiverOf(t, undefined, 'good');
      const plain = await receiverOf(t);
      const section = { proxy: `http://mon:p%40ss@127.0.0.1:${proxy.port}`, ca_certs: certificateFile('ca') };
      await sendTo(t, plugin, `https://127.0.0.1:${secure.port}`, section);
      assert.ok(secure.requests.length > 0);
      assert.deepEqual(new Set(proxy.asked), new Set([`127.0.0.1:${secure.port}`]));
      assert.equal(proxy.logins[0], `Basic ${Buffer.from('mon:p@ss').toString('base64')}`);
      const askedCount = proxy.asked.length;
      await sendTo(t, plugin, `http://127.0.0.1:${plain.port}`, section);
      assert.ok(plain.requests.length > 0);
      assert.equal(proxy.asked.length, askedCount);
    });
  }

  test('is passed by a 100 that nobody asked for, as every connection is', async (t) => {
    const proxy = await ConnectProxy.start();
    t.after(() => proxy.close());
    const receiver = await receiverOf(
      t,
      (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Done\r\n\r\n'),
      'good',
    );
    const way = {
      ca: readFileSync(certificateFile('ca'), 'utf8'),
      isInsecure: false,
      proxy: new Secret(`http://127.0.0.1:${proxy.port}`),
    };
    const post = poster(t, { way, concurrencyPerDestination: 1 });
    for (const _ of [1, 2]) assert.equal((await post(receiver.url())).status, 204);
    assert.deepEqual([receiver.requests.length, receiver.connectionCount, proxy.asked.length], [2, 1, 1]);
  });

  test('is not asked for an internal address that a tenant writes', async (t) => {
    const proxy = await ConnectProxy.start();
    t.after(() => proxy.close());
    const receiver = await receiverOf(t, undefined, 'good');
    const webhook = byHttp.find(({ type }) => type === 'webhook');
    assert.ok(webhook !== undefined);
    const notifier = openPlugin(webhook, { proxy: `http://127.0.0.1:${proxy.port}`, insecure: true }, []);
    t.after(() => notifier.close());
    for (const host of ['127.0.0.1', '[::1]', '0x7f.1', '[::ffff:127.0.0.1]', '169.254.169.254']) {
      const notification = aNotification('webhook', `https://${host}:${receiver.port}/`);
      await assert.rejects(notifier.send(notification, never), { failure: 'forbidden_address' });
    }
    assert.deepEqual([proxy.asked, receiver.connectionCount], [[], 0]);
  });

  test('that is away makes a send that may pass, without a word of its password', async (t) => {
    const receiver = await receiverOf(t, undefined, 'good');
    const [webhook] = byHttp;
    assert.ok(webhook !== undefined);
    const section = { proxy: `http://mon:canary@127.0.0.1:1`, timeout: 5 };
    const error = await sendTo(t, webhook, `https://127.0.0.1:${receiver.port}`, section);
    assert.deepEqual([error?.failure, error?.retriable], ['unreachable', true]);
    assert.equal(`${error?.message} ${error?.wire}`.includes('canary'), false);
  });
});
