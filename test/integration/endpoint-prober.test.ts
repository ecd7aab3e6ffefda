import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckResult } from '../../src/producers/endpoint-monitor/check-result.js';
import { endpointOf } from '../support/endpoints.js';
import { answer, type HttpReaction, HttpReceiver } from '../support/http-receiver.js';
import { probeBench } from '../support/probe-bench.js';
import { waitFor } from '../support/wait-for.js';

async function receiver(test: TestContext, react: HttpReaction = answer(200, 'ok')): Promise<HttpReceiver> {
  const opened = await HttpReceiver.start();
  test.after(() => opened.close());
  opened.react = react;
  return opened;
}

/** Answers by path. */
function routes(table: Readonly<Record<string, HttpReaction>>): HttpReaction {
  return (socket, request) => {
    const path = request.line.split(' ')[1] ?? '';
    (table[path] ?? answer(404))(socket, request);
  };
}

const raw =
  (text: string): HttpReaction =>
  (socket) =>
    socket.write(text);
const shown = ({ grade, status, cause }: CheckResult) => [grade, status, cause];

describe('a check on the wire', () => {
  it('sends the headers of the file and nothing that HTTP does not need', async (test) => {
    const target = await receiver(test);
    const { check } = probeBench(test);
    await check({ url: target.url('/a?b=c'), headers: { 'X-Two': '2', 'x-one': 'grün' } });
    const [seen] = target.requests;
    assert.equal(seen?.line, 'GET /a?b=c HTTP/1.1');
    assert.deepEqual(seen?.headers, [
      ['Host', `127.0.0.1:${target.port}`],
      ['X-Two', '2'],
      ['x-one', Buffer.from('grün').toString('latin1')],
      ['Connection', 'keep-alive'],
    ]);
  });

  it('sends the body byte for byte, with its length and no type', async (test) => {
    const target = await receiver(test);
    const { check } = probeBench(test);
    const body = '{"foo":"bar",  "ü":"\u{1f600}"}';
    for (const method of ['POST', 'GET', 'TRACE', 'patch', 'DELETE', 'FOO']) {
      assert.deepEqual(shown(await check({ url: target.url(), method, body })), ['up', 200, undefined]);
    }
    for (const { headers, body: sent } of target.requests) {
      const names = headers.map(([name]) => name);
      assert.deepEqual([sent, names], [body, ['Host', 'Content-Length', 'Connection']]);
    }
    assert.equal(target.requests[3]?.line.split(' ')[0], 'PATCH');
  });

  it('says that there is no body where a method could have one', async (test) => {
    const target = await receiver(test);
    const { check } = probeBench(test);
    await check({ url: target.url(), method: 'POST' });
    assert.deepEqual(target.requests[0]?.headers.slice(1), [
      ['Content-Length', '0'],
      ['Connection', 'close'],
    ]);
  });
});

describe('a check finds', () => {
  for (const [status, grade] of [
    [200, 'up'],
    [204, 'up'],
    [299, 'up'],
    [300, 'down'],
    [404, 'down'],
    [500, 'down'],
  ] as const) {
    it(`${grade} at ${status}`, async (test) => {
      const target = await receiver(test, status === 204 ? raw('HTTP/1.1 204 N\r\n\r\n') : answer(status));
      const cause = grade === 'down' ? 'status' : undefined;
      assert.deepEqual(shown(await probeBench(test).check({ url: target.url() })), [grade, status, cause]);
    });
  }

  it('degraded when the answer is slow, with the time that it took', async (test) => {
    const target = await receiver(test, (socket, request) => {
      setTimeout(() => answer(200)(socket, request), 620);
    });
    const result = await probeBench(test).check({ url: target.url() });
    assert.equal(result.grade, 'degraded');
    assert.ok(result.latencyMs >= 619, `${result.latencyMs} ms`);
  });

  const failures: readonly (readonly [what: string, cause: string, react: HttpReaction])[] = [
    ['a connection that is reset', 'reset', (socket) => socket.resetAndDestroy()],
    ['a connection that is closed', 'reset', (socket) => socket.destroy()],
    ['half a head', 'reset', (socket) => socket.end('HTTP/1.1 200 OK\r\nx: 1')],
    ['something that is no HTTP', 'protocol', raw('SSH-2.0-OpenSSH_9.9\r\n')],
    ['two lengths', 'protocol', raw('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n')],
    ['a head without end', 'protocol', raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)],
    ['a bad redirect', 'protocol', answer(302, '', ['location: gopher://h/'])],
    ['a redirect to itself', 'protocol', answer(302, '', ['location: /hook?x=1'])],
  ];
  for (const [what, cause, react] of failures) {
    it(`down with cause ${cause} at ${what}`, async (test) => {
      const target = await receiver(test, react);
      const result = await probeBench(test).check({ url: target.url() });
      assert.deepEqual([result.grade, result.cause], ['down', cause], result.detail);
      await waitFor(() => target.openCount === 0 || cause === 'protocol', 'closed connections');
    });
  }

  it('down with cause connect at a port where nobody listens', async (test) => {
    const target = await HttpReceiver.start();
    await target.close();
    const result = await probeBench(test).check({ url: `http://127.0.0.1:${target.port || 1}/` });
    assert.deepEqual([result.grade, result.cause, result.detail], ['down', 'connect', 'ECONNREFUSED']);
  });

  it('down with cause dns at a name that nobody knows', async (test) => {
    const unknown = Object.assign(new Error('no such name'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    const { check } = probeBench(test, { resolve: (_, tell) => setImmediate(tell, unknown, []) });
    const result = await check({ url: 'http://nowhere.example/' });
    assert.deepEqual([result.grade, result.cause, result.detail], ['down', 'dns', 'ENOTFOUND']);
  });

  for (const [what, react] of [
    ['never answers', () => undefined],
    ['sends nothing but 100 and 103', raw('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n')],
  ] as const) {
    it(`down with cause timeout when a server ${what}, and closes the connection`, async (test) => {
      const target = await receiver(test, react);
      const result = await probeBench(test).check({ url: target.url() }, 200);
      assert.deepEqual([result.grade, result.cause, result.detail], ['down', 'timeout', 'no answer within 0.2 s']);
      await waitFor(() => target.openCount === 0, 'a closed connection');
    });
  }

  it('the answer behind informational ones', async (test) => {
    const target = await receiver(test, raw('HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 N\r\n\r\n'));
    assert.deepEqual(shown(await probeBench(test).check({ url: target.url() })), ['up', 204, undefined]);
  });

  it('the status of a switch of protocols and of CONNECT, and leaves no connection open', async (test) => {
    const target = await receiver(test, raw('HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'));
    const { check } = probeBench(test);
    const headers = { Connection: 'upgrade', Upgrade: 'x' };
    assert.deepEqual(shown(await check({ url: target.url(), headers })), ['down', 101, 'status']);
    target.react = raw('HTTP/1.1 200 Established\r\n\r\n');
    assert.deepEqual(shown(await check({ url: target.url(), method: 'connect' })), ['up', 200, undefined]);
    await waitFor(() => target.openCount === 0, 'closed connections');
  });

  it('up by the time of the head when the body stalls, and closes the connection at the limit', async (test) => {
    const target = await receiver(test, raw('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    const result = await probeBench(test).check({ url: target.url() }, 300);
    assert.ok(result.grade === 'up' && result.latencyMs < 300);
    await waitFor(() => target.openCount === 0, 'a closed connection');
  });

  it('up when the body is endless, and reads little of it', async (test) => {
    const target = await receiver(test, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
      };
      socket.on('drain', pour);
      pour();
    });
    assert.equal((await probeBench(test).check({ url: target.url() })).grade, 'up');
    await waitFor(() => target.openCount === 0, 'a closed connection');
  });
});

describe('redirects', () => {
  const table = { '/a': answer(301, 'moved', ['location: /b']), '/b': answer(200) };

  it('are followed, and the final status decides', async (test) => {
    const target = await receiver(test, routes({ ...table, '/c': answer(302, '', ['location: /d']) }));
    const { check } = probeBench(test);
    assert.deepEqual(shown(await check({ url: target.url('/a') })), ['up', 200, undefined]);
    assert.deepEqual(shown(await check({ url: target.url('/c') })), ['down', 404, 'status']);
  });

  it('are not followed when they should not be', async (test) => {
    const target = await receiver(test, routes(table));
    const { check } = probeBench(test, { followsRedirects: false });
    assert.deepEqual(shown(await check({ url: target.url('/a') })), ['down', 301, 'status']);
  });

  it('add up to the latency', async (test) => {
    const later = (status: number, location: string): HttpReaction => {
      return (socket, request) =>
        void setTimeout(() => answer(status, '', [`location: ${location}`])(socket, request), 150);
    };
    const target = await receiver(test, routes({ '/a': later(302, '/b'), '/b': later(200, '') }));
    const { latencyMs } = await probeBench(test).check({ url: target.url('/a') });
    assert.ok(latencyMs >= 298, `${latencyMs} ms`);
  });

  it('end after ten', async (test) => {
    const target = await receiver(test, answer(302, '', ['location: /hook?x=1']));
    const { detail } = await probeBench(test).check({ url: target.url() });
    assert.deepEqual([detail, target.requests.length], ['more than 10 redirects', 11]);
  });
});

describe('connections', () => {
  it('are used again by methods that may be sent twice, and by no others', async (test) => {
    const target = await receiver(test);
    const { check } = probeBench(test);
    for (const method of ['GET', 'HEAD', 'PUT', 'GET']) {
      target.react = method === 'HEAD' ? raw('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n') : answer(200, 'ok');
      await check({ url: target.url(), method });
      // The result comes with the head; the connection is free when the body is read.
      await nextTurn();
    }
    assert.equal(target.connectionCount, 1);
    target.react = answer(200, 'ok');
    await check({ url: target.url(), method: 'POST' });
    await check({ url: target.url(), method: 'POST' });
    assert.equal(target.connectionCount, 3);
  });

  it('are new for every check when they should be', async (test) => {
    const target = await receiver(test);
    const { check } = probeBench(test, { reusesConnections: false });
    await check({ url: target.url() });
    await check({ url: target.url() });
    assert.equal(target.connectionCount, 2);
  });

  it('that the server resets when they are used again do not make the endpoint down', async (test) => {
    let isFirst = true;
    const target = await receiver(test, (socket, request) => {
      if (isFirst) answer(200, 'ok')(socket, request);
      else if (target.connectionCount === 1) socket.resetAndDestroy();
      else answer(200, 'new')(socket, request);
      isFirst = false;
    });
    const { check } = probeBench(test);
    await check({ url: target.url() });
    await nextTurn();
    assert.deepEqual(shown(await check({ url: target.url() })), ['up', 200, undefined]);
    assert.deepEqual([target.connectionCount, target.requests.length], [2, 3]);
  });

  it('that are reset again on the new one make it down', async (test) => {
    let isFirst = true;
    const target = await receiver(test, (socket, request) => {
      if (isFirst) answer(200, 'ok')(socket, request);
      else socket.resetAndDestroy();
      isFirst = false;
    });
    const { check } = probeBench(test);
    await check({ url: target.url() });
    await nextTurn();
    assert.deepEqual(shown(await check({ url: target.url() })), ['down', undefined, 'reset']);
    assert.equal(target.requests.length, 3);
  });

  it('are closed at once when a check is cut, without a result', async (test) => {
    const target = await receiver(test, () => undefined);
    const { prober } = probeBench(test);
    const results: CheckResult[] = [];
    const running = prober.check(endpointOf({ url: target.url() }), 60_000, (result) => results.push(result));
    await waitFor(() => target.requests.length === 1, 'the request');
    running.cut();
    await waitFor(() => target.openCount === 0, 'a closed connection');
    assert.deepEqual(results, []);
  });
});
