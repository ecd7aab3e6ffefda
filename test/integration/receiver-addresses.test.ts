import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinNotifiers } from '../../src/notifiers/builtin.js';
import { apiAddresses } from '../support/api-addresses.js';
import { openPlugin } from '../support/http-notifier-bench.js';
import { receiverOf } from '../support/http-poster.js';
import { aNotification } from '../support/notifications.js';

const never = new AbortController().signal;
const urlTypes = ['webhook', 'slack', 'teams', 'discord', 'mattermost', 'alertmanager'];
test('every type is either one of URLs or one of an API', () => {
  const known = ['email', ...urlTypes, ...Object.keys(apiAddresses)];
  assert.deepEqual(builtinNotifiers.map(({ type }) => type).sort(), known.sort());
});

for (const plugin of builtinNotifiers) {
  const { type } = plugin;
  if (urlTypes.includes(type)) {
    test(`${type} connects to no internal address that a tenant names`, async (t) => {
      const receiver = await receiverOf(t);
      const notifier = openPlugin(plugin, undefined, []);
      t.after(() => notifier.close());
      for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433']) {
        await assert.rejects(notifier.send(aNotification(type, receiver.url('/x', host)), never), {
          failure: 'forbidden_address',
          retriable: false,
        });
      }
      assert.equal(receiver.connectionCount, 0);
    });
  }
  const address = apiAddresses[type]?.('http://169.254.169.254');
  if (address !== undefined) {
    test(`${type} never asks where clouds keep credentials, even as configured`, async (t) => {
      const login = { token: 't', account: 'AC1', from: 'mon' };
      const notifier = openPlugin(plugin, { url: 'http://169.254.169.254', ...login }, []);
      t.after(() => notifier.close());
      await assert.rejects(notifier.send(aNotification(type, address), never), { failure: 'forbidden_address' });
    });
  }
}
