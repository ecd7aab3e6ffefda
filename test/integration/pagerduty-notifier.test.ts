import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagerdutyPlugin } from '../../src/notifiers/pagerduty/plugin.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { openPlugin, startHttpBench } from '../support/http-notifier-bench.js';
import { receiverOf } from '../support/http-poster.js';
import { answer } from '../support/http-receiver.js';
import { aNotification } from '../support/notifications.js';

const accepted = answer(202, '{"status":"success","message":"Event processed","dedup_key":"x"}');

for (const [version, path] of [
  ['v2', '/v2/enqueue'],
  ['v1', '/generic/2010-04-15/create_event.json'],
] as const) {
  notifierContract(`pagerduty ${version}`, () =>
    startHttpBench({
      plugin: pagerdutyPlugin,
      section: (receiver) => ({ url: receiver.url(path) }),
      address: () => canary,
      takesAnyWord: true,
      badAddresses: () => ['a key', 'key\n', 'k'.repeat(129), 'https://events.pagerduty.com/'].map((key) => `${key}!`),
      success: accepted,
    }),
  );
}

test('pagerduty posts to its URL, internal or not, whatever http.allow says', async (t) => {
  const receiver = await receiverOf(t, accepted);
  const notifier = openPlugin(pagerdutyPlugin, { url: receiver.url('/v2/enqueue') }, []);
  t.after(() => notifier.close());
  await notifier.send(aNotification('pagerduty', 'KEY'), new AbortController().signal);
  const [request] = receiver.requests;
  assert.equal(request?.line, 'POST /v2/enqueue HTTP/1.1');
  assert.equal(JSON.parse(request.body).routing_key, 'KEY');
});
