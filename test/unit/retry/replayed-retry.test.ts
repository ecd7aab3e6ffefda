import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseOutcomeRecord, type RecordedOutcome } from '../../../src/domain/parse-outcome-record.js';
import { RetryPlan } from '../../../src/retry/retry-plan.js';
import { alarmWith } from '../../support/alarms.js';
import { FakeMethodDirectory } from '../../support/fakes/fake-method-directory.js';
import { aNotification } from '../../support/notifications.js';

const changedAtMs = 1_429_023_453_632;
const replayedAtMs = changedAtMs + 86_400_000;
const never = new AbortController().signal;

function planWith(ttlMs: number | undefined): RetryPlan {
  const directory = new FakeMethodDirectory();
  directory.add({ id: 'nm-1' });
  return new RetryPlan({ directory, intervalMs: 1_000, ttlMs });
}

/** A record of the retry topic, at this offset, before attempt `attempt`. */
function retry(offset: bigint, attempt: number, atMs?: number): RecordedOutcome {
  const replay = atMs === undefined ? {} : { replay: { atMs, reason: 'attempts_used_up' as const } };
  const notification = aNotification('webhook', 'x', { alarm: alarmWith(), attempt, ...replay });
  const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 1, detail: '' } as const;
  const { value, headers } = encodeOutcomeRecord(record, 'test');
  const read = parseOutcomeRecord(Buffer.from(value), headers, { topic: 'retry', partition: 0, offset });
  assert.ok(read.kind === 'outcome');
  return read;
}

describe('a notification that a person had sent again', () => {
  it('has its time to live from then on', async () => {
    const plan = planWith(60_000);
    const replayed = retry(9n, 1, replayedAtMs);
    assert.equal((await plan.next(replayed, replayedAtMs + 60_000, never))?.verdict, undefined);
    assert.equal((await plan.next(replayed, replayedAtMs + 60_001, never))?.verdict?.outcome, 'expired');
  });

  it('goes on although later attempts were seen before it, and they do not', async () => {
    const plan = planWith(undefined);
    const [fifth, replayed, again] = [retry(4n, 6), retry(9n, 1, replayedAtMs), retry(10n, 1, replayedAtMs + 1)];
    plan.saw(fifth);
    plan.saw(replayed);
    assert.equal((await plan.next(replayed, replayedAtMs, never))?.attempt, 1);
    assert.equal(await plan.next(fifth, replayedAtMs, never), undefined);
    plan.saw(again);
    assert.equal(await plan.next(replayed, replayedAtMs, never), undefined);
    assert.equal((await plan.next(again, replayedAtMs, never))?.attempt, 1);
  });
});
