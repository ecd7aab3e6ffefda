import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { EngineView } from '../../src/admin/engine-view.js';
import { type AdminServer, startAdmin } from '../../src/admin/server.js';
import { EngineError } from '../../src/domain/errors.js';
import { fixedView, sampleStatus } from '../support/engine-views.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';

const telemetry = new RecordingTelemetry();

async function start(t: TestContext, view: EngineView = fixedView()): Promise<AdminServer & { url: string }> {
  const admin = await startAdmin({ host: '127.0.0.1', port: 0, view, telemetry });
  t.after(() => admin.close());
  return { ...admin, url: `http://127.0.0.1:${admin.port}` };
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

describe('the admin endpoint', () => {
  it('logs the port that it was given', async (t) => {
    const { port } = await start(t);
    assert.equal(telemetry.named('admin_listening').at(-1)?.port, port);
  });

  it('answers every path and alias', async (t) => {
    const { url } = await start(t);
    for (const path of ['/health', '/-/healthy', '/ready', '/-/ready', '/metrics', '/status', '/status.json']) {
      const answer = await fetch(url + path);
      assert.equal(answer.status, 200, path);
      assert.notEqual(await answer.text(), '', path);
      const head = await fetch(url + path, { method: 'HEAD' });
      assert.equal(head.status, 200, path);
      assert.equal(await head.text(), '', path);
    }
  });

  it('is healthy or not whatever outside systems do', async (t) => {
    const view = fixedView(sampleStatus({ reasons: ['kafka is away'] }));
    const { url } = await start(t, view);
    assert.equal((await fetch(`${url}/health`)).status, 200);
  });

  it('answers 503 with reasons when a restart would help', async (t) => {
    const reasons = ['workers_failing'];
    const { url } = await start(t, fixedView(sampleStatus(), { health: () => ({ ok: false, reasons }) }));
    const answer = await fetch(`${url}/health`);
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), { ok: false, reasons });
  });

  it('answers 503 with role, reasons and notes when not ready', async (t) => {
    const reasons = ['mysql has not answered for 14 s'];
    const { url } = await start(t, fixedView(sampleStatus({ reasons })));
    const answer = await fetch(`${url}/-/ready`);
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), { ready: false, role: 'active', reasons, notes: ['email relay away'] });
  });

  it('serves the page to browsers and JSON to whoever asks for JSON', async (t) => {
    const { url } = await start(t);
    const browser = await fetch(`${url}/status`, { headers: { Accept: 'text/html,application/json;q=0.9' } });
    assert.match(browser.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(browser.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const script = await fetch(`${url}/status`, { headers: { Accept: 'application/json' } });
    assert.deepEqual(await script.json(), sampleStatus());
    assert.deepEqual(await (await fetch(`${url}/status.json`)).json(), sampleStatus());
  });

  it('reads Accept in any case, with its weights and its order', async (t) => {
    const { url } = await start(t);
    for (const [accept, isJson] of [
      ['Application/JSON', true],
      ['application/json; charset=utf-8', true],
      ['application/json, text/html;q=0', true],
      ['text/html;q=0.5, application/json', true],
      ['application/json, text/html', true],
      ['application/json, text/plain, */*', true],
      ['text/html, application/json', false],
      ['application/json;Q=0', false],
      ['application/json;q=0, text/html', false],
      ['application/json;q=much', false],
      ['application/json-seq', false],
      ['*/*', false],
      ['', false],
    ] as const) {
      const { headers } = await fetch(`${url}/status`, { headers: { Accept: accept } });
      assert.equal(headers.get('content-type')?.startsWith('application/json'), isJson, accept);
    }
  });

  it('serves the scrape as Prometheus text', async (t) => {
    const { url } = await start(t);
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  });

  it('refuses every other method and says which are allowed', async (t) => {
    const { url } = await start(t);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await fetch(`${url}/health`, { method, ...(method === 'OPTIONS' ? {} : { body: 'x' }) });
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.get('allow'), 'GET, HEAD');
    }
  });

  it('knows no other path', async (t) => {
    const { url } = await start(t);
    for (const path of ['/config', '/debug/pprof', '/health/', '/../etc/passwd', '/__proto__']) {
      assert.equal((await fetch(url + path)).status, 404, path);
    }
  });

  it('refuses long URLs and headers', async (t) => {
    const { port } = await start(t);
    assert.match(
      await raw(port, `GET /${'a'.repeat(2000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 414/,
    );
    assert.match(await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(9000)}\r\n\r\n`), /^HTTP\/1\.1 431/);
  });

  it('lets go of a client that never ends its request', async (t) => {
    const { port } = await start(t);
    assert.match(await raw(port, 'GET /health HTTP/1.1\r\nHost: '), /^HTTP\/1\.1 408|^$/);
  });

  it('tells nothing of what went wrong inside', async (t) => {
    const metricsText = async () => {
      throw new Error('canary-7f3a');
    };
    const { url } = await start(t, fixedView(sampleStatus(), { metricsText }));
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /canary/);
  });

  it('closes although clients hold connections open, and twice is harmless', async (t) => {
    const { url, port, close } = await start(t);
    await (await fetch(`${url}/health`)).text();
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    const gone = once(idle, 'close');
    await Promise.all([close(), gone]);
    await close();
    await assert.rejects(fetch(`${url}/health`));
  });

  it('says which port is taken and which key names it', async (t) => {
    const { port } = await start(t);
    const taken = { host: '127.0.0.1', port, view: fixedView(), telemetry };
    for (const [options, key] of [
      [taken, 'admin\\.port'],
      [{ ...taken, settings: '--metrics-listen' }, '--metrics-listen'],
    ] as const) {
      await assert.rejects(startAdmin(options), (error) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, 'LISTEN_FAILED');
        assert.match(error.message, new RegExp(`port ${port}: it is taken; .*${key}`));
        return true;
      });
    }
  });
});
