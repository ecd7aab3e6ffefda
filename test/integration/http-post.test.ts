import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { HttpPost, type HttpPostOptions, parseHttpAddress } from '../../src/notifiers/http-post.js';
import type { HttpAnswer } from '../../src/notifiers/http-status.js';
import { systemClock } from '../../src/runtime/clock.js';
import { answer, type HttpReaction, HttpReceiver } from '../support/http-receiver.js';
import { repoRoot } from '../support/repo.js';
import { waitFor } from '../support/wait-for.js';

const never = new AbortController().signal;
setMaxListeners(0, never);
const certificates = join(repoRoot(), 'test/data/tls');

interface Changes extends Partial<Omit<HttpPostOptions, 'rules'>> {
  readonly allow?: readonly string[];
  readonly concurrencyPerDestination?: number;
}

function poster(t: TestContext, { allow = ['127.0.0.1'], concurrencyPerDestination = 64, ...changes }: Changes = {}) {
  const rules = { allow, concurrencyPerDestination };
  const post = new HttpPost({ clock: systemClock, rules, senders: 4, timeoutMs: 10_000, ...changes });
  t.after(() => post.close());
  return (address: string): Promise<HttpAnswer> =>
    post.post({ url: parseHttpAddress(address), headers: {}, body: '{}' }, never);
}

async function receiverOf(t: TestContext, react?: HttpReaction, tls?: string): Promise<HttpReceiver> {
  const pem = tls === undefined ? undefined : readFileSync(join(certificates, `${tls}.pem`));
  const receiver = await HttpReceiver.start(pem === undefined ? undefined : { key: pem, cert: pem });
  if (react !== undefined) receiver.react = react;
  t.after(() => receiver.close());
  return receiver;
}

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

  test('cannot be reached by rebinding: what was judged is what is connected', async (t) => {
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

describe('answers that mean harm', () => {
  test('H4: redirects are refused and not followed', async (t) => {
    const decoy = await receiverOf(t);
    for (const status of [301, 302, 303, 307, 308]) {
      const receiver = await receiverOf(t, answer(status, '', [`location: ${decoy.url('/stolen')}`]));
      assert.equal((await poster(t)(receiver.url())).status, status);
    }
    assert.equal(decoy.connectionCount, 0);
  });

  test('H2: an endless body is cut after 64 KiB, and its connection with it', async (t) => {
    const receiver = await receiverOf(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
    });
    const { status, body } = await poster(t)(receiver.url());
    assert.deepEqual([status, body.length], [200, 65_536]);
    await waitFor(() => receiver.openCount === 0, 'the connection to be cut');
  });

  test('H2: a trickling body ends with the deadline, and its status counts', async (t) => {
    const receiver = await receiverOf(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
      const trickle = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(trickle));
    });
    assert.equal((await poster(t, { timeoutMs: 300 })(receiver.url())).status, 200);
    await waitFor(() => receiver.openCount === 0, 'the connection to be cut');
  });

  test('H2: a gzip bomb stays packed', async (t) => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const receiver = await receiverOf(t, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    assert.ok((await poster(t)(receiver.url())).body.length <= 65_536);
    assert.equal(receiver.requests[0]?.headers.find(([name]) => name === 'accept-encoding')?.[1], 'identity');
  });

  test('H3: interim answers are passed over, and a flood of them ends with the deadline', async (t) => {
    const early = await receiverOf(t, (socket, request) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
      answer(204)(socket, request);
    });
    assert.equal((await poster(t)(early.url())).status, 204);
    const flood = await receiverOf(t, (socket) => {
      const pour = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)), 5);
      socket.on('close', () => clearInterval(pour));
    });
    await assert.rejects(poster(t, { timeoutMs: 300 })(flood.url()), { failure: 'outcome_unknown', retriable: true });
    for (const interim of ['100 Continue', '101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x']) {
      const odd = await receiverOf(t, (socket) => socket.write(`HTTP/1.1 ${interim}\r\n\r\n`));
      await assert.rejects(poster(t, { timeoutMs: 300 })(odd.url()), { retriable: true });
    }
  });

  test('an answer that breaks off after its status counts', async (t) => {
    const receiver = await receiverOf(t, (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nok'));
    assert.equal((await poster(t)(receiver.url())).status, 200);
  });
});

describe('connections', () => {
  test('H4: are refused for a certificate that is unknown, misnamed or expired', async (t) => {
    const ca = readFileSync(join(certificates, 'ca.pem'), 'utf8');
    for (const [name, trusted] of [
      ['good', false],
      ['wrong-name', true],
      ['expired', true],
    ] as const) {
      const receiver = await receiverOf(t, undefined, name);
      const post = poster(t, trusted ? { ca } : {});
      await assert.rejects(post(receiver.url()), { failure: 'unreachable', retriable: true, message: /certificate/ });
      assert.equal(receiver.requests.length, 0);
    }
    const receiver = await receiverOf(t, undefined, 'good');
    assert.equal((await poster(t, { ca })(receiver.url())).status, 200);
  });

  test('H1: refused, unresolved and unanswered ones may pass', async (t) => {
    const gone = await HttpReceiver.start();
    const url = gone.url();
    await gone.close();
    await assert.rejects(poster(t)(url), { failure: 'unreachable', retriable: true });
    const resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    await assert.rejects(poster(t, { resolve })('http://nowhere.example/'), {
      failure: 'unreachable',
      retriable: true,
    });
    const stuck = poster(t, { resolve: () => new Promise(() => {}), timeoutMs: 200 });
    await assert.rejects(stuck('http://stuck.example/'), { failure: 'timed_out', retriable: true });
    const mute = await receiverOf(t);
    const tls = poster(t, { timeoutMs: 200 });
    mute.reads = false;
    await assert.rejects(tls(`https://127.0.0.1:${mute.port}/`), { failure: 'timed_out', retriable: true });
  });

  test('are kept and shared, no more of them than the share of this worker', async (t) => {
    const receiver = await receiverOf(t, (socket, request) => setImmediate(() => answer(200)(socket, request)));
    const post = poster(t, { concurrencyPerDestination: 10 });
    await Promise.all(Array.from({ length: 60 }, () => post(receiver.url())));
    await post(receiver.url());
    assert.deepEqual([receiver.requests.length, receiver.connectionCount <= 3], [61, true]);
  });

  test('ask for one name once at a time', async (t) => {
    const receiver = await receiverOf(t);
    let askedCount = 0;
    const resolve = async () => {
      askedCount += 1;
      await new Promise(setImmediate);
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const post = poster(t, { resolve });
    await Promise.all(Array.from({ length: 16 }, () => post(`http://name.example:${receiver.port}/`)));
    assert.deepEqual([receiver.requests.length, askedCount], [16, 1]);
  });
});
