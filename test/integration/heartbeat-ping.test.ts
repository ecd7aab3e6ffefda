import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { heartbeatPing } from '../../src/cli/heartbeat-ping.js';
import { Secret } from '../../src/domain/secret.js';
import { systemClock } from '../../src/runtime/clock.js';
import { receiverOf } from '../support/http-poster.js';
import { answer } from '../support/http-receiver.js';

const key = 'KEY-OF-THE-SWITCH';
const never = new AbortController().signal;

describe('a ping of the heartbeat', () => {
  test('is a GET of the whole address, also in the own network', async (t) => {
    const receiver = await receiverOf(t, answer(200));
    const { ping, close } = heartbeatPing(new Secret(receiver.url(`/ping/${key}?a=b`)), 1_000, systemClock);
    t.after(close);
    await ping(never);
    assert.deepEqual(
      receiver.requests.map(({ line }) => line),
      [`GET /ping/${key}?a=b HTTP/1.1`],
    );
  });

  test('fails with words that hold no more of the address than its host', async (t) => {
    const receiver = await receiverOf(t);
    const address = new Secret(receiver.url(`/ping/${key}`));
    for (const [react, words] of [
      [answer(404, key), /answered HTTP 404 Not Found$/],
      [answer(302), /answered HTTP 302 Found$/],
      [() => {}, /did not answer in time/],
    ] as const) {
      receiver.react = react;
      const { ping, close } = heartbeatPing(address, 300, systemClock);
      await assert.rejects(ping(never), (error: Error) => {
        assert.match(error.message, words);
        return !inspect(error, { depth: 10, showHidden: true }).includes(key);
      });
      await close();
    }
  });
});
