import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notificationId } from '../../../src/domain/notification.js';
import { encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseOutcomeRecord, type RecordedOutcome } from '../../../src/domain/parse-outcome-record.js';
import { RetryPlan } from '../../../src/retry/retry-plan.js';
import { alarmWith } from '../../support/alarms.js';
import { FakeMethodDirectory } from '../../support/fakes/fake-method-directory.js';
import { aNotification } from '../../support/notifications.js';

const atMs = 1_772_359_215_000;
const never = new AbortController().signal;
let offset = 0n;

/** A retry of this transition, read from the alarm topic at `place`. */
function retry(fields: Readonly<Record<string, unknown>>, place: { partition?: number; offset?: bigint } = {}) {
  offset += 1n;
  const alarm = alarmWith({ timestamp: atMs, ...fields }, { topic: 'alarms', partition: 0, offset, ...place });
  const id = notificationId(alarm.position, 'nm-1');
  const notification = aNotification('webhook', 'x', { id, alarm, attempt: 1 });
  const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 1, detail: '' } as const;
  const { value, headers } = encodeOutcomeRecord(record, 'test');
  const read = parseOutcomeRecord(Buffer.from(value), headers, { topic: 'retry', partition: 0, offset });
  assert.ok(read.kind === 'outcome');
  return read;
}

const alarm = { oldState: 'OK', newState: 'ALARM' };
const ok = { oldState: 'ALARM', newState: 'OK' };

/** What becomes of both, whichever was read first. The database knows nothing of the alarm. */
async function outcomesOf(one: RecordedOutcome, other: RecordedOutcome) {
  const results: string[] = [];
  for (const seen of [
    [one, other],
    [other, one],
  ]) {
    const directory = new FakeMethodDirectory();
    directory.add({ id: 'nm-1' });
    const plan = new RetryPlan({ directory, intervalMs: 1_000, ttlMs: undefined });
    for (const record of seen) plan.saw(record);
    const verdicts = [];
    for (const record of [one, other])
      verdicts.push((await plan.next(record, atMs, never))?.verdict?.outcome ?? 'tried');
    results.push(verdicts.join());
  }
  assert.equal(results[0], results[1]);
  return results[0];
}

describe('of two transitions of an alarm that both wait for a retry', () => {
  it('the one with the later timestamp is tried', async () => {
    const earlier = retry(alarm);
    const later = retry({ ...ok, timestamp: atMs + 1 });
    assert.equal(await outcomesOf(earlier, later), 'superseded,tried');
  });

  it('the one that was read behind the other is tried where their timestamps are the same', async () => {
    assert.equal(await outcomesOf(retry(alarm, { offset: 7n }), retry(ok, { offset: 8n })), 'superseded,tried');
  });

  it('both are tried where they are the same one, written twice', async () => {
    assert.equal(await outcomesOf(retry(alarm, { offset: 7n }), retry(alarm, { offset: 8n })), 'tried,tried');
  });

  it('both are tried where nothing tells which is newer', async () => {
    assert.equal(await outcomesOf(retry(alarm, { partition: 1 }), retry(ok, { partition: 2 })), 'tried,tried');
  });

  it('the change counts, not a repeat of the one before that was announced under a clock that ran ahead', async () => {
    const changedAt = new Date(atMs).toISOString();
    const repeat = retry({ ...alarm, changedAt, timestamp: atMs + 60_000, kind: 'repeat', sequence: 2 });
    const over = retry({
      ...ok,
      changedAt: new Date(atMs + 50_000).toISOString(),
      timestamp: atMs + 50_000,
      kind: 'transition',
      sequence: 3,
    });
    assert.equal(await outcomesOf(repeat, over), 'superseded,tried');
  });

  it('the nanoseconds of their changes count, then their sequence, in whichever partition they lie', async () => {
    const nanos = (text: string) => ({ changedAt: `2026-03-01T10:00:15.${text}Z` });
    const first = retry({ ...alarm, ...nanos('000000001') }, { partition: 2 });
    const second = retry({ ...ok, ...nanos('000000002') }, { partition: 1 });
    assert.equal(await outcomesOf(first, second), 'superseded,tried');
    const third = retry({ ...alarm, ...nanos('000000002'), sequence: 4 }, { partition: 0, offset: 9n });
    const fourth = retry({ ...ok, ...nanos('000000002'), sequence: 5 }, { partition: 0, offset: 8n });
    assert.equal(await outcomesOf(third, fourth), 'superseded,tried');
  });

  it('both are tried where they are alarms of two tenants under one id', async () => {
    const ofOne = retry({ ...alarm, tenantId: 'one' });
    const ofOther = retry({ ...ok, tenantId: 'other', timestamp: atMs + 1 });
    assert.equal(await outcomesOf(ofOne, ofOther), 'tried,tried');
  });
});
