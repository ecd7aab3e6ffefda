import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { certificate } from '../support/certificates.js';
import { HttpReceiver } from '../support/http-receiver.js';
import { probeBench } from '../support/probe-bench.js';

describe('a check over TLS', () => {
  it('with a certificate that nobody signed is down, and no request is sent', async (test) => {
    const target = await HttpReceiver.start(certificate('good'));
    test.after(() => target.close());
    const result = await probeBench(test).check({ url: target.url() });
    assert.deepEqual([result.grade, result.cause], ['down', 'tls'], result.detail);
    assert.equal(target.requests.length, 0);
  });

  for (const [what, react] of [
    ['that the other side does not speak', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['that ends in the middle of the handshake', (socket: Socket) => socket.destroy()],
  ] as const) {
    it(`${what} is down`, async (test) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => react(socket));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      test.after(() => server.close());
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const { grade, cause } = await probeBench(test).check({ url: `https://127.0.0.1:${port}/` });
      assert.deepEqual([grade, cause], ['down', 'tls']);
    });
  }
});
