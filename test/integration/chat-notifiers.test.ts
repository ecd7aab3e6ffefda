import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertmanagerPlugin } from '../../src/notifiers/alertmanager/plugin.js';
import { discordPlugin } from '../../src/notifiers/discord/plugin.js';
import { mattermostPlugin } from '../../src/notifiers/mattermost/plugin.js';
import { teamsPlugin } from '../../src/notifiers/teams/plugin.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { openPlugin, startHttpBench } from '../support/http-notifier-bench.js';
import { receiverOf } from '../support/http-poster.js';
import { answer } from '../support/http-receiver.js';
import { aNotification } from '../support/notifications.js';

const stored = answer(200, `{"id":"1234567890123456789","content":"${canary}"}`);

for (const [plugin, path, success] of [
  [teamsPlugin, `/workflows/x/triggers/manual/paths/invoke?api-version=1&sig=${canary}`, answer(202)],
  [discordPlugin, `/api/webhooks/1/${canary}`, stored],
  [mattermostPlugin, `/hooks/${canary}`, answer(200, 'ok')],
  [alertmanagerPlugin, `/alerts/${canary}`, answer(200)],
] as const) {
  notifierContract(plugin.type, () => startHttpBench({ plugin, address: (receiver) => receiver.url(path), success }));
}

test('discord waits for the message to be stored, and keeps its id', async (t) => {
  const receiver = await receiverOf(t, stored);
  const notifier = openPlugin(discordPlugin, undefined);
  t.after(() => notifier.close());
  const notification = aNotification('discord', receiver.url('/api/webhooks/1/x?thread_id=7'));
  const receipt = await notifier.send(notification, new AbortController().signal);
  assert.deepEqual(receipt, { remoteId: '1234567890123456789', wire: 'HTTP 200 OK' });
  assert.equal(receiver.requests[0]?.line, 'POST /api/webhooks/1/x?thread_id=7&wait=true HTTP/1.1');
});
