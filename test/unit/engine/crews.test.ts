import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crewsOf } from '../../../src/engine/crews.js';
import { load, minimal } from '../../support/config-file.js';

test('a first pause of retries longer than an hour is kept as it was asked for', (t) => {
  for (const [asked, baseMs, capMs] of [
    ['30s', 30_000, 3_600_000],
    ['6h', 21_600_000, 21_600_000],
  ] as const) {
    const { loaded, problems } = load(t, `${minimal}retry: {interval: ${asked}}\n`);
    assert.ok(loaded.kind === 'valid', problems.join('\n'));
    const senders = crewsOf(loaded.config, 'test').find(({ stage }) => stage === 'notification_processor');
    assert.deepEqual(senders?.config.retry, { baseMs, capMs, maxAttempts: 5 });
  }
});
