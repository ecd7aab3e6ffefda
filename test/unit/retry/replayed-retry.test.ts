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
function retry(
  offset: bigint,
  attempt: number,
  atMs?: number,
  { partition = 0, putOffCount }: { partition?: number; putOffCount?: number } = {},
): RecordedOutcome {
  const waited = putOffCount === undefined ? {} : { putOffCount };
  const replay = atMs === undefined ? {} : { replay: { atMs, reason: 'attempts_used_up' as const } };
  const notification = aNotification('webhook', 'x', { alarm: alarmWith(), attempt, ...replay, ...waited });
  const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 1, detail: '' } as const;
  const { value, headers } = encodeOutcomeRecord(record, 'test');
  const read = parseOutcomeRecord(Buffer.from(value), headers, { topic: 'retry', partition, offset });
  assert.ok(read.kind === 'outcome');
  return read;
}

describe('a notification that is put off again and again', () => {
  it('is tried, also where the topic was given more partitions meanwhile', async () => {
    const plan = planWith(undefined);
    const first = retry(4n, 2, undefined, { partition: 5, putOffCount: 1 });
    const second = retry(0n, 2, undefined, { partition: 2, putOffCount: 2 });
    plan.saw(first);
    plan.saw(second);
    assert.equal((await plan.next(second, changedAtMs, never))?.attempt, 2);
    assert.equal(await plan.next(first, changedAtMs, never), undefined);
  });

  it('keeps its replay, and its time to live counts from there', async () => {
    const plan = planWith(60_000);
    const waiting = retry(9n, 1, replayedAtMs, { putOffCount: 3 });
    plan.saw(waiting);
    const next = await plan.next(waiting, replayedAtMs + 60_000, never);
    assert.equal(next?.verdict, undefined);
    assert.equal(next?.attempt, 1);
    assert.equal(next?.putOffCount, 3);
    assert.equal(next?.replay?.atMs, replayedAtMs);
    assert.equal((await plan.next(waiting, replayedAtMs + 60_001, never))?.verdict?.outcome, 'expired');
  });
});

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
