import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createModestServer, listening } from '../../src/admin/listening.js';
import { startAdmin } from '../../src/admin/server.js';
import { startMetricsServer } from '../../src/producers/metrics-server.js';
import { fixedView, sampleStatus } from '../support/engine-views.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { waitFor } from '../support/wait-for.js';

const request = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
/** More than the kernel keeps for a client that does not read. */
const large = 'x'.repeat(16 * 1024 * 1024);

async function start(t: TestContext, answer: RequestListener) {
  const server = createModestServer(answer);
  const { port, close } = await listening(server, { host: '127.0.0.1', port: 0 }, { who: 'it', advice: 'wait' });
  t.after(close);
  return { port, connectionCount: promisify(server.getConnections.bind(server)) };
}

async function connected(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('a server that nobody can hold up', () => {
  it('makes one answer for a client that asks on without reading, for the engine and for producers', async (t) => {
    let madeCount = 0;
    const metricsText = () => {
      madeCount += 1;
      return large;
    };
    const view = fixedView(sampleStatus(), { metricsText: async () => metricsText() });
    const where = { host: '127.0.0.1', port: 0 };
    for (const server of [
      await startAdmin({ ...where, view, telemetry: new RecordingTelemetry() }),
      await startMetricsServer(where, { metricsText, notReady: () => [] }),
    ]) {
      t.after(() => server.close());
      madeCount = 0;
      const socket = await connected(t, server.port);
      socket.write(request.repeat(300));
      await once(socket.resume(), 'close');
      assert.equal(madeCount, 1);
      assert.equal((await fetch(`http://127.0.0.1:${server.port}/ready`)).headers.get('connection'), 'close');
    }
  });

  it('answers whoever comes while others hold as many connections as it has', async (t) => {
    const { port, connectionCount } = await start(t, (_request, response) => response.end('here'));
    const silent: Socket[] = [];
    for (let at = 0; at < 64; at += 1) silent.push(await connected(t, port));
    const [oldest] = silent;
    assert.ok(oldest !== undefined);
    const gone = once(oldest.resume(), 'close');
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'here');
    await gone;
    assert.ok((await connectionCount()) <= 64);
  });

  it('takes the connection back from a client that does not read its answer', async (t) => {
    const { port, connectionCount } = await start(t, (_request, response) => response.end(large));
    const socket = await connected(t, port);
    socket.pause();
    socket.write(request);
    await waitFor(async () => (await connectionCount()) === 0, 'the connection to be cut', { timeoutMs: 30_000 });
  });
});
