import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeNotificationGroup, encodeNotificationGroup } from '../../../src/domain/codec.js';
import { recordsInside, waitingDigest } from '../../../src/domain/digest-notification.js';
import { encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseOutcomeRecord, type ReadRecord } from '../../../src/domain/parse-outcome-record.js';
import { alarmBody } from '../../../src/notifiers/alarm-body.js';
import { alarmMessage } from '../../../src/notifiers/alarm-text.js';
import { RetryPlan } from '../../../src/retry/retry-plan.js';
import { FakeMethodDirectory } from '../../support/fakes/fake-method-directory.js';

const never = new AbortController().signal;
const entries = [
  { alarmId: 'a-1', name: 'Disk full', status: 'WARNING', changedAt: '2026-01-01T00:00:00.123456789Z' },
  { alarmId: 'a-2', name: 'a-2', status: 'CRITICAL', changedAt: '2026-01-01T03:00:00+02:00' },
] as const;
const atMs = Date.UTC(2026, 0, 2);
const position = { topic: 'alarm-status-changed', partition: 1, offset: 0n };
const readAt = { topic: 'retry-notifications', partition: 0, offset: 7n };
const facts = { id: 'f'.repeat(32), userId: 't-1', methodId: 'm-1', entries, atMs, position };

/** As the engine reads it from the retry topic. */
function asRead() {
  const { value, headers } = encodeOutcomeRecord(waitingDigest(facts), 'here');
  const record: ReadRecord = parseOutcomeRecord(Buffer.from(value), headers, readAt);
  assert.ok(record.kind === 'outcome');
  return record;
}

test('a digest crosses the retry topic as a notification that nobody has tried and that is due', () => {
  const record = asRead();
  assert.deepEqual([record.outcome, record.triedCount, record.notBeforeMs], ['retrying', 0, atMs]);
  const { id, digest, alarm } = record.notification;
  assert.deepEqual([id, digest, alarm.tenantId], [facts.id, entries, 't-1']);
});

test('a digest is sent by its method as it now is, however old it is and whatever state the alarms are in', async () => {
  const directory = new FakeMethodDirectory();
  directory.add({ id: 'm-1', address: 'now@here.com' });
  directory.setState(`digest-${facts.id}`, 'OK');
  const plan = new RetryPlan({ directory, intervalMs: 1000, ttlMs: 1000 });
  const record = asRead();
  plan.saw(record);
  const next = await plan.next(record, atMs + 86_400_000, never);
  assert.deepEqual([next?.verdict, next?.attempt, next?.method.address.reveal()], [undefined, 1, 'now@here.com']);
  directory.remove('m-1');
  const gone = await plan.next(record, atMs, never);
  assert.ok(gone?.verdict?.outcome === 'dead');
});

test('a digest keeps its alarms on its way through the processes', () => {
  const { notification } = asRead();
  const payload = encodeNotificationGroup({ position: readAt, notifications: [notification] });
  const [again] = decodeNotificationGroup(readAt, payload).notifications;
  assert.deepEqual(again.digest, entries);
});

test('receivers are shown every alarm, as text and as JSON, within the limit of the text', () => {
  const { notification } = asRead();
  const text = alarmMessage(notification.alarm, 1600);
  assert.match(text, /^ALARM CRITICAL: digest: 2 active alarms\nWARNING Disk full since .*Z\nCRITICAL a-2 since /);
  assert.ok(alarmMessage(notification.alarm, 250).length <= 250);
  const body = alarmBody(notification);
  assert.deepEqual(
    [body.kind, body.alarms],
    [
      'digest',
      entries.map(({ alarmId, name, status, changedAt }) => {
        return { alarm_id: alarmId, alarm_name: name, status, changed_at: changedAt };
      }),
    ],
  );
});

test('each alarm of a digest has a record of its own once the digest is sent, and not before', () => {
  const waiting = waitingDigest(facts);
  assert.deepEqual(recordsInside(waiting), []);
  const { notification } = waiting;
  const inside = recordsInside({ notification, history: [], outcome: 'sent', sentAtMs: atMs, remoteId: undefined });
  assert.deepEqual(
    inside.map(({ outcome, notification: { alarm } }) => [outcome, alarm.alarmId, alarm.alarmName, alarm.severity]),
    [
      ['sent', 'a-1', 'Disk full', 'MEDIUM'],
      ['sent', 'a-2', 'a-2', 'CRITICAL'],
    ],
  );
  assert.equal(new Set(inside.map(({ notification: { id } }) => id)).size, 2);
});

test('a digest of very many alarms lists the first ones in its text and all of them beside it', () => {
  const many = Array.from({ length: 500 }, (_, index) => ({ ...entries[0], alarmId: `a-${index}` }));
  const { notification } = waitingDigest({ ...facts, entries: many });
  assert.match(notification.alarm.stateChangeReason, /\nand 300 more$/);
  assert.equal(notification.digest?.length, 500);
});
