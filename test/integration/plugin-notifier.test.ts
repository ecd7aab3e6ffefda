import assert from 'node:assert/strict';
import { join } from 'node:path';
import { loadThirdParty } from '../../src/notifiers/third-party.js';
import { systemClock } from '../../src/runtime/clock.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { startHttpBench } from '../support/http-notifier-bench.js';
import { answer } from '../support/http-receiver.js';
import { repoRoot } from '../support/repo.js';

notifierContract('room (the example of a third party)', async () => {
  const loaded = await loadThirdParty('./plugins/room.mjs', join(repoRoot(), 'config'), systemClock);
  assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded));
  const [plugin] = loaded.plugins;
  assert.ok(plugin !== undefined);
  return startHttpBench({
    plugin,
    section: (receiver) => ({ url: receiver.url('/'), token: canary }),
    address: () => 'ops-room',
    badAddresses: () => ['Ops', 'a b', 'a/../b', 'room\r\nX: y', 'r'.repeat(61)],
    success: answer(201, '{"id":"7"}'),
    statuses: { 401: ['unauthorized', true] },
  });
});
