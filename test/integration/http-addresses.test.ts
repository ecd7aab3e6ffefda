import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, test } from 'node:test';
import { poster, receiverOf } from '../support/http-poster.js';
import { HttpReceiver } from '../support/http-receiver.js';

/** Hosts that are, or resolve to, something else than the public internet. */
const insideHosts = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.127.127.127',
  '127.0.0.1.',
  '0x7f.1',
  '0x7f.0.0.1',
  '0x7f000001',
  '0X7F000001',
  '2130706433',
  '2130706433.',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '0177.1',
  '%31%32%37.0.0.1',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '0',
  '0.0.0.0',
  '0x0',
  '0.1.2.3',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'loc%61lhost',
  'ⓛocalhost',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[::FFFF:10.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001::1]',
  '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
  '[2001:db8::1]',
  '[100::1]',
  '[3fff::1]',
  '[fc00::1]',
  '[fd12:3456:789a::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[ff0e::1]',
  '169.254.169.254',
  '169.254.170.2',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '[::ffff:a9fe:a9fe]',
  '[::a9fe:a9fe]',
  '10.0.0.1',
  '10.255.255.255',
  '012.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.65535',
  '3232235521',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '4294967295',
  '127.0.0.2',
  '127.00000000.0.1',
  '0x7f.0x0.0x0.0x1',
  '[::ffff:0:7f00:1]',
  '[0:0:0:0:0:0:7f00:1]',
  '[::ffff:192.168.0.1]',
  '[::ffff:172.16.0.1]',
  '[::ffff:100.64.0.1]',
  '[2002:c0a8:1::1]',
  '[2002:0a00:1::]',
  '[64:ff9b::10.0.0.1]',
  '[::10.0.0.1]',
  '[fd20:ce::254]',
  '[fe80::a9fe:a9fe]',
  '[ff05::2]',
  '[5f00::1]',
];

describe('addresses that are not public', () => {
  test(`stay without a connection in ${insideHosts.length} spellings, over http and https`, async (t) => {
    const decoy = await receiverOf(t);
    const decoy6 = await HttpReceiver.start(undefined, '::1').catch(() => undefined);
    t.after(() => decoy6?.close());
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const post = poster(t, { allow: [], resolve });
    for (const host of insideHosts) {
      for (const scheme of ['http', 'https']) {
        for (const port of [decoy.port, decoy6?.port ?? decoy.port]) {
          const url = `${scheme}://${host}:${port}/`;
          await assert.rejects(
            Promise.resolve().then(() => post(url)),
            { retriable: false, failure: /^(forbidden|bad)_address$/ },
            url,
          );
        }
      }
    }
    assert.equal(decoy.connectionCount + (decoy6?.connectionCount ?? 0), 0);
  });

  test('stay closed behind a name, whichever of its addresses is inside', async (t) => {
    const decoy = await receiverOf(t);
    for (const addresses of [
      ['127.0.0.1'],
      ['93.184.215.14', '127.0.0.1'],
      ['2606:4700::1', '::1'],
      ['10.0.0.1'],
      [],
    ]) {
      const resolve = async (): Promise<readonly LookupAddress[]> =>
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const post = poster(t, { allow: [], resolve });
      await assert.rejects(post(`http://inside.example:${decoy.port}/`), { failure: 'forbidden_address' });
    }
    assert.equal(decoy.connectionCount, 0);
  });

  test('cannot be reached by rebinding: what was judged is what is connected (H4)', async (t) => {
    const decoy = await receiverOf(t);
    const answers = ['192.0.2.1', '127.0.0.1', '127.0.0.1'];
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return [{ address: answers.shift() ?? '127.0.0.1', family: 4 }];
    };
    // 192.0.2.1 is allowed here and never answers; the second answer of the resolver is the trap.
    const post = poster(t, { allow: ['192.0.2.1'], timeoutMs: 300, resolve });
    await assert.rejects(post(`http://rebinding.example:${decoy.port}/`), { retriable: true });
    assert.deepEqual(asked, ['rebinding.example']);
    await assert.rejects(post(`http://rebinding.example:${decoy.port}/`), { retriable: false });
    assert.equal(decoy.connectionCount, 0);
  });

  test('open by http.allow as address, CIDR or host name, metadata never', async (t) => {
    const receiver = await receiverOf(t);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    for (const allow of ['127.0.0.1', '127.0.0.0/8', 'inside.example', 'INSIDE.example.']) {
      await poster(t, { allow: [allow], resolve })(`http://inside.example:${receiver.port}/`);
    }
    assert.equal(receiver.requests.length, 4);
    const everything = poster(t, {
      allow: ['0.0.0.0/0', '::/0', 'metadata.google.internal'],
      resolve: async () => [{ address: '169.254.169.254', family: 4 }],
    });
    for (const host of [
      '169.254.169.254',
      '[::ffff:a9fe:a9fe]',
      '[64:ff9b::a9fe:a9fe]',
      '[fd00:ec2::254]',
      '100.100.100.200',
      'metadata.google.internal',
    ]) {
      await assert.rejects(everything(`http://${host}/latest/meta-data/`), { failure: 'forbidden_address' }, host);
    }
  });
});
