import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { certificateFile } from '../support/certificates.js';
import { poster, receiverOf } from '../support/http-poster.js';
import { answer, HttpReceiver } from '../support/http-receiver.js';
import { waitFor } from '../support/wait-for.js';

describe('answers that mean harm', () => {
  test('redirects are refused and not followed (H4)', async (t) => {
    const decoy = await receiverOf(t);
    for (const status of [301, 302, 303, 307, 308]) {
      const receiver = await receiverOf(t, answer(status, '', [`location: ${decoy.url('/stolen')}`]));
      assert.equal((await poster(t)(receiver.url())).status, status);
    }
    assert.equal(decoy.connectionCount, 0);
  });

  test('an endless body is cut after 64 KiB, and its connection with it (H2)', async (t) => {
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

  test('a trickling body ends with the deadline, and its status counts (H2)', async (t) => {
    const receiver = await receiverOf(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
      const trickle = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(trickle));
    });
    assert.equal((await poster(t, { timeoutMs: 300 })(receiver.url())).status, 200);
    await waitFor(() => receiver.openCount === 0, 'the connection to be cut');
  });

  test('a gzip bomb stays packed (H2)', async (t) => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const receiver = await receiverOf(t, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    assert.ok((await poster(t)(receiver.url())).body.length <= 65_536);
    assert.equal(receiver.requests[0]?.headers.find(([name]) => name === 'accept-encoding')?.[1], 'identity');
  });

  test('interim answers are passed over, and a flood of them ends with the deadline (H2) (H3)', async (t) => {
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
    const interim = ['100 Continue', '101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x'];
    for (const line of interim) {
      const odd = await receiverOf(t, (socket) => socket.write(`HTTP/1.1 ${line}\r\n\r\n`));
      await assert.rejects(poster(t, { timeoutMs: 300 })(odd.url()), { failure: 'outcome_unknown', retriable: true });
    }
  });

  const continues = 'HTTP/1.1 100 Continue\r\n\r\n';
  const says = 'HTTP/1.1 100 100';
  const proper = `HTTP/1.1 200 ${says}\r\nx: ${says}\r\ncontent-length: ${2 * says.length}\r\n\r\n${says}${says}`;
  for (const [what, before] of [
    ['alone', continues],
    ['with fields', 'HTTP/1.1 100 Go\r\nvia: 1.1 x\r\n\r\n'],
    ['more than one', continues.repeat(3)],
    ['among others', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${continues}HTTP/1.1 102 Wait\r\n\r\n`],
  ] as const) {
    test(`a 100 that nobody asked for, ${what}, changes nothing of the answer, byte by byte or in one piece (H3)`, async (t) => {
      const bytes = Buffer.from(`${before}${proper}`);
      const receiver = await receiverOf(t);
      const post = poster(t, { concurrencyPerDestination: 1 });
      for (const size of [bytes.length, 1, 5, 12]) {
        receiver.react = (socket) => {
          socket.setNoDelay(true);
          const next = (at: number) => {
            socket.write(bytes.subarray(at, at + size));
            if (at + size < bytes.length) setImmediate(next, at + size);
          };
          next(0);
        };
        const { status, body } = await post(receiver.url());
        assert.deepEqual([status, body], [200, says.repeat(2)]);
      }
      assert.deepEqual([receiver.requests.length, receiver.connectionCount], [4, 1]);
    });
  }

  test('an answer that breaks off after its status counts', async (t) => {
    const receiver = await receiverOf(t, (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nok'));
    assert.equal((await poster(t)(receiver.url())).status, 200);
  });
});

describe('connections', () => {
  test('are refused for a certificate that is unknown, misnamed or expired (H4)', async (t) => {
    const ca = readFileSync(certificateFile('ca'), 'utf8');
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

  test('refused, unresolved and unanswered ones may pass (H1)', async (t) => {
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
