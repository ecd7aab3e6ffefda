import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { AlertsClient } from '../../src/producers/alert-exec/alerts-client.js';
import { HttpTransport, parseServerUrl } from '../../src/producers/alert-exec/http-transport.js';
import { systemClock } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { type HttpAnswer, HttpCatcher } from '../support/http-catcher.js';
import { answer, HttpReceiver } from '../support/http-receiver.js';

const never = new AbortController().signal;

function clientTo(t: TestContext, url: string) {
  const server = parseServerUrl(url);
  assert.ok(server !== undefined);
  const transport = new HttpTransport(server, systemClock);
  t.after(() => transport.close());
  return new AlertsClient(transport.call, { clock: systemClock, telemetry: new RecordingTelemetry() });
}

async function receiving(t: TestContext) {
  const receiver = await HttpReceiver.start();
  t.after(() => receiver.close());
  const base = `http://127.0.0.1:${receiver.port}`;
  return { receiver, base, client: clientTo(t, base) };
}

describe('the client of an alerts server', () => {
  it('sends what the protocol says, under a path and with a login where the address has them', async (t) => {
    const { receiver, client, base } = await receiving(t);
    receiver.react = answer(200, '{"value":3}');
    assert.deepEqual(await client.query('a b&c=ü', 1_000, never), { kind: 'done', value: 3 });
    await client.notify('alert-1', 'ä"', 1_000, never);
    await client.resolve('alert-1', 1_000, never);
    const below = clientTo(t, base.replace('http://', 'us%40er:pw@').concat('/api/'));
    receiver.react = answer(200, '[]');
    assert.equal((await below.list(1_000, never)).kind, 'done');
    assert.deepEqual(
      receiver.requests.map(({ line, body }) => `${line} ${body}`.trim()),
      [
        'GET /query?target=a%20b%26c%3D%C3%BC HTTP/1.1',
        'POST /notify HTTP/1.1 {"alertName":"alert-1","message":"ä\\""}',
        'POST /resolve HTTP/1.1 {"alertName":"alert-1"}',
        'GET /api/alerts HTTP/1.1',
      ],
    );
    const headers = new Map(receiver.requests.at(-1)?.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(headers.get('content-type'), 'application/json');
    assert.equal(headers.get('authorization'), `Basic ${Buffer.from('us@er:pw').toString('base64')}`);
  });

  it('keeps a connection for questions, and opens one for each thing that it tells', async (t) => {
    const { receiver, client } = await receiving(t);
    receiver.react = answer(200, '{"value":3}');
    for (let n = 0; n < 5; n += 1) await client.query('q', 1_000, never);
    assert.equal(receiver.connectionCount, 1);
    for (let n = 0; n < 3; n += 1) await client.notify('a', 'm', 1_000, never);
    assert.equal(receiver.connectionCount, 4);
  });

  it('puts a question again when the server has closed the connection that was kept', async (t) => {
    const { receiver, client } = await receiving(t);
    receiver.react = answer(200, '{"value":3}');
    await client.query('q', 1_000, never);
    // Read, and then reset instead of answered: what a server does with a connection that was idle for too long.
    receiver.react = (socket) => {
      receiver.react = answer(200, '{"value":4}');
      socket.resetAndDestroy();
    };
    assert.deepEqual(await client.query('q', 1_000, never), { kind: 'done', value: 4 });
    assert.equal(receiver.connectionCount, 2);
  });

  it('knows what was certainly not carried out, and what may have been', async (t) => {
    const catcher = await HttpCatcher.start();
    t.after(() => catcher.stop());
    const client = clientTo(t, `127.0.0.1:${catcher.port}`);
    const told = async (reaction: HttpAnswer) => {
      catcher.answer('*', reaction);
      const result = await client.notify('a', 'm', 300, never);
      return result.kind === 'done' ? 'done' : `${result.kind} ${result.cause}`;
    };
    assert.equal(await told({}), 'done');
    assert.equal(await told({ body: 'not json' }), 'done');
    assert.equal(await told({ instead: 'endless' }), 'done');
    for (const status of [201, 204, 302, 400, 500]) {
      assert.equal(await told({ status }), `refused could not complete request got ${status}`);
    }
    assert.equal(await told({ instead: 'hang' }), 'unknown no answer within 300 ms');
    assert.match(await told({ instead: 'reset' }), /^unknown /);
    await catcher.stop();
    assert.match(await told({}), /^refused ECONNREFUSED$/);
  });

  it('takes a connection that was not made in time for a time-out, of which certainly nothing was carried out', async (t) => {
    const { receiver, base } = await receiving(t);
    const server = parseServerUrl(base);
    assert.ok(server !== undefined);
    const isOver = { signal: AbortSignal.abort(), expired: true, clear: () => undefined };
    const transport = new HttpTransport(server, { ...systemClock, limit: () => isOver });
    t.after(() => transport.close());
    const telemetry = new RecordingTelemetry();
    const client = new AlertsClient(transport.call, { clock: systemClock, telemetry });
    const expected = { kind: 'refused', isTimeout: true, cause: 'no connection within 700 ms' };
    assert.deepEqual(await client.query('q', 700, never), expected);
    assert.deepEqual(await client.notify('a', 'm', 700, never), expected);
    assert.equal(telemetry.counts.get('alert_exec_requests_total query timeout'), 1);
    assert.deepEqual(receiver.requests, []);
  });

  it('takes no answer that is too long, too late, broken off or of another form', async (t) => {
    const catcher = await HttpCatcher.start();
    t.after(() => catcher.stop());
    const client = clientTo(t, `127.0.0.1:${catcher.port}`);
    const asked = async (reaction: HttpAnswer) => {
      catcher.answer('*', reaction);
      const result = await client.query('q', 2_000, never);
      return result.kind === 'done' ? String(result.value) : result.cause;
    };
    assert.equal(await asked({ body: '{"value":0}' }), '0');
    assert.match(await asked({ instead: 'endless' }), /more than 1048576 bytes/);
    assert.match(await asked({ body: `{"value":1,"x":"${'y'.repeat(1_100_000)}"}` }), /more than 1048576 bytes/);
    for (const body of ['', 'x', '{"value":"1"}', '[1]', 'ÿ']) {
      assert.equal(await asked({ body }), 'the answer is not of the expected form');
    }
    assert.match(await asked({ instead: 'reset' }), /ECONNRESET|closed/);
  });

  it('survives what is no HTTP at all', async (t) => {
    const { receiver, client } = await receiving(t);
    const answers = [
      'nonsense\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab',
      'HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'HTTP/9',
      '\0\0\0',
    ];
    for (const text of answers) {
      receiver.react = (socket) => void socket.end(text);
      const result = await client.query('q', 1_000, never);
      assert.notEqual(result.kind, 'done', text);
      const told = await client.notify('a', 'm', 1_000, never);
      assert.equal(told.kind, text.includes('200 OK') ? 'done' : told.kind);
    }
    receiver.react = answer(200, '{"value":3}');
    assert.equal((await client.query('q', 1_000, never)).kind, 'done');
  });

  it('ends at once when it is told to', async (t) => {
    const { receiver, client } = await receiving(t);
    receiver.react = () => undefined;
    const stop = new AbortController();
    const asked = client.query('q', 60_000, stop.signal);
    while (receiver.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    assert.equal((await asked).kind, 'unknown');
    assert.equal(client.problem(), undefined);
  });
});

describe('the address of an alerts server', () => {
  it('may lack its scheme, and everything', () => {
    const texts = [
      '',
      'localhost:9001',
      '127.0.0.1',
      'https://alerts.example.com/api/',
      'http://[::1]:9001',
      'http://u:p@h:1',
    ];
    assert.deepEqual(
      texts.map((text) => parseServerUrl(text)?.text),
      [
        'http://127.0.0.1:9001',
        'http://localhost:9001',
        'http://127.0.0.1',
        'https://alerts.example.com/api',
        'http://[::1]:9001',
        'http://h:1',
      ],
    );
  });

  it('is nothing else', () => {
    for (const text of [
      'ftp://x',
      'http://',
      'http://h:99999',
      'http://h/?x=1',
      'http://h/#x',
      'http://a b',
      'http://u%zz@h',
    ]) {
      assert.equal(parseServerUrl(text), undefined, text);
    }
  });
});
