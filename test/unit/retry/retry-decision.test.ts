import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseOutcomeRecord } from '../../../src/domain/parse-outcome-record.js';
import { NewestTransitions } from '../../../src/retry/newest-transitions.js';
import { nextAttempt } from '../../../src/retry/retry-decision.js';
import { alarmWith, somewhere } from '../../support/alarms.js';
import { FakeMethodDirectory } from '../../support/fakes/fake-method-directory.js';
import { aNotification } from '../../support/notifications.js';

const changedAtMs = 1_429_023_453_632;
const dayMs = 86_400_000;

test('the time to live of a replayed notification counts from the replay', async () => {
  const directory = new FakeMethodDirectory();
  directory.add({ id: 'nm-1' });
  const replay = { atMs: changedAtMs + dayMs, reason: 'refused' } as const;
  const notification = aNotification('webhook', 'x', { alarm: alarmWith(), replay });
  const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 1, detail: '' } as const;
  const { value, headers } = encodeOutcomeRecord(record, 'test');
  const read = parseOutcomeRecord(Buffer.from(value), headers, somewhere);
  assert.ok(read.kind === 'outcome');
  const deps = { directory, newest: new NewestTransitions(), ttlMs: 60_000 };
  const verdictAt = async (nowMs: number) => {
    const next = await nextAttempt(read, deps, nowMs, new AbortController().signal);
    return next.verdict?.outcome;
  };
  assert.equal(await verdictAt(replay.atMs + 60_000), undefined);
  assert.equal(await verdictAt(replay.atMs + 60_001), 'expired');
});
