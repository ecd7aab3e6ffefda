import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { failureCauses } from '../../src/producers/endpoint-monitor/check-result.js';
import { fuzzRuns } from '../support/fuzz-runs.js';
import { HttpReceiver } from '../support/http-receiver.js';
import { probeBench } from '../support/probe-bench.js';
import { waitFor } from '../support/wait-for.js';

const limitMs = 150;
const piece = fc.oneof(
  fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 302 F\r\n',
    'HTTP/1.0 204 N\r\n',
    'HTTP/1.1 101 S\r\n',
    'HTTP/9.9 1 x\r\n',
  ),
  fc.constantFrom('\r\n', '\n', '\r\n\r\n', ':', ' ', '\u0000', '0\r\n\r\n', 'HTTP/1.1 100 C\r\n\r\n'),
  fc.constantFrom(
    'location: /again\r\n',
    'location: http://[\r\n',
    'location: //u:p@\r\n',
    'Upgrade: x\r\nConnection: upgrade\r\n',
  ),
  fc.constantFrom(
    'content-length: 3\r\n',
    'content-length: -1\r\n',
    'content-length: 99999999\r\n',
    'transfer-encoding: chunked\r\n',
  ),
  fc.constantFrom('connection: close\r\n', 'keep-alive: timeout=x\r\n', 'abc', 'ffffffffff\r\n'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const bytes = fc
  .tuple(fc.array(piece, { maxLength: 8 }), fc.constantFrom('end', 'reset', 'end', 'end'))
  .map(([parts, last]) => ({ text: parts.join(''), last }));

it('any answer is up, degraded or down with a cause, and leaves nothing open', async (test) => {
  const target = await HttpReceiver.start();
  test.after(() => target.close());
  const { check } = probeBench(test);
  const property = fc.asyncProperty(bytes, fc.constantFrom('GET', 'HEAD', 'CONNECT', 'POST'), async (given, method) => {
    target.requests.length = 0;
    target.react = (socket) => {
      if (given.last === 'end') socket.end(Buffer.from(given.text, 'latin1'));
      else socket.write(Buffer.from(given.text, 'latin1'), () => socket.resetAndDestroy());
    };
    const { grade, status, cause, detail } = await check({ url: target.url(), method }, limitMs);
    if (grade !== 'down') assert.ok(status !== undefined && status >= 200 && status <= 299);
    else
      assert.ok(
        failureCauses.some((known) => known === cause),
        detail,
      );
    if (cause === 'status') assert.ok(status !== undefined);
  });
  await fc.assert(property, fuzzRuns(1_500));
  await waitFor(() => target.openCount === 0, 'closed connections');
});
