import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Alarm } from '../../../src/domain/alarm.js';
import { type Notification, notificationId } from '../../../src/domain/notification.js';
import type { OutcomeRecord } from '../../../src/domain/outcome.js';
import { encodeDeadLetter, encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseAlarm } from '../../../src/domain/parse-alarm.js';
import { parseOutcomeRecord, type RecordedOutcome } from '../../../src/domain/parse-outcome-record.js';
import { Secret } from '../../../src/domain/secret.js';
import { alarmFields, alarmWith, rawMessage, somewhere } from '../../support/alarms.js';

const instance = 'host-1-2';
const retryPlace = { topic: 'retry-notifications', partition: 0, offset: 5n };

interface Golden {
  alarm: Record<string, unknown>;
  record: { method: { id: string; type: string; name: string; address: string }; expect: Record<string, unknown> };
}
const dataUrl = new URL('../../../../../test/data/golden-plugins.json', import.meta.url);
const golden = JSON.parse(await readFile(dataUrl, 'utf8')) as Golden;

function notificationOf(alarm: Alarm, facts: Partial<Notification> = {}): Notification {
  const method = { id: 'm-1', name: 'n', type: 'email', address: new Secret('me@here.com'), periodMs: 60_000 };
  return { position: somewhere, alarm, method, attempt: 1, repeat: 0, id: notificationId(somewhere, 'm-1'), ...facts };
}

function writtenOf(record: OutcomeRecord): Record<string, unknown> {
  const { value } = encodeOutcomeRecord(record, instance);
  assert.equal(typeof value, 'string');
  return JSON.parse(String(value)) as Record<string, unknown>;
}

function readBack(record: OutcomeRecord): RecordedOutcome {
  const { value, headers } = encodeOutcomeRecord(record, instance);
  const found = parseOutcomeRecord(Buffer.from(value), headers, retryPlace);
  assert.equal(found.kind, 'outcome');
  return found;
}

test("writes the ancestor's seventeen keys in their order, with its values", () => {
  const alarm = parseAlarm(rawMessage(JSON.stringify({ 'alarm-transitioned': golden.alarm })));
  const { method } = golden.record;
  const notification = notificationOf(alarm, {
    method: { ...method, address: new Secret(method.address), periodMs: 0 },
  });
  const value = writtenOf({ notification, history: [], outcome: 'digested' });
  const inherited = Object.entries(value).slice(0, 17);
  assert.deepEqual(Object.fromEntries(inherited), golden.record.expect);
  assert.deepEqual(
    inherited.map(([key]) => key),
    Object.keys(golden.record.expect),
  );
});

test('adds its own keys after them', () => {
  const notification = notificationOf(alarmWith(), { attempt: 2, repeat: 3 });
  const history = [{ attempt: 1, atMs: 1000, failure: 'timed_out' }] as const;
  const record = { notification, history, outcome: 'sent', sentAtMs: 1395346831520, remoteId: 'r-9' } as const;
  const value = writtenOf(record);
  assert.deepEqual(Object.fromEntries(Object.entries(value).slice(17)), {
    notification_id: notification.id,
    outcome: 'sent',
    source_topic: 'alarm-state-transitions',
    source_partition: 3,
    source_offset: '812',
    attempt: 2,
    repeat: 3,
    sent_at: 1395346831520,
    not_before: null,
    reason: null,
    history: [{ attempt: 1, at: 1000, failure: 'timed_out' }],
    instance,
    recorded_at: 1429023454000,
    remote_id: 'r-9',
  });
  assert.equal(value.notification_timestamp, 1395346831.52);
  assert.equal(value.retry_count, 1);
  assert.equal(value.period, 60);
  const { key, headers } = encodeOutcomeRecord(record, instance);
  assert.equal(key, notification.id);
  assert.deepEqual(headers, { 'notification-outcome': 'sent', 'notification-schema': '1' });
});

test('has null for what an alarm of 2014 lacks', () => {
  const lacking = { severity: undefined, link: undefined, lifecycleState: undefined, alarmDefinitionId: undefined };
  const value = writtenOf({ notification: notificationOf(alarmWith(lacking)), history: [], outcome: 'expired' });
  assert.deepEqual(
    [value.severity, value.link, value.lifecycle_state, value.notification_timestamp],
    [null, null, null, null],
  );
});

test('counts no send where none was tried', () => {
  const dead = { outcome: 'dead', reason: 'unknown_type', detail: 'no such type' } as const;
  const value = writtenOf({ notification: notificationOf(alarmWith()), history: [], ...dead });
  assert.deepEqual(
    [value.attempt, value.retry_count, value.reason, value.detail],
    [0, 0, 'unknown_type', 'no such type'],
  );
});

test('echoes ids as received, text or number', () => {
  const alarm = alarmWith({ alarmId: 0, tenantId: '0' });
  const value = writtenOf({ notification: notificationOf(alarm), history: [], outcome: 'expired' });
  assert.deepEqual([value.alarm_id, value.tenant_id], [0, '0']);
});

test('embeds the alarm letter by letter', () => {
  const text = JSON.stringify(alarmFields()).replace('"tenantId"', '"big":12345678901234567890, "one":1.0,"tenantId"');
  const alarm = parseAlarm(rawMessage(`{"alarm-transitioned":${text}}`));
  const record = { notification: notificationOf(alarm), history: [], outcome: 'expired' } as const;
  assert.ok(String(encodeOutcomeRecord(record, instance).value).includes(`"raw_alarm": ${text},`));
  assert.equal(readBack(record).notification.alarm.rawAlarm, text);
});

test('reads its own retry record back, at a new place, with the identity it had', () => {
  const notification = notificationOf(alarmWith(), { repeat: 2 });
  const history = [{ attempt: 1, atMs: 1395346831520, failure: 'unreachable' }] as const;
  const found = readBack({ notification, history, outcome: 'retrying', notBeforeMs: 1395346900000, detail: 'refused' });
  const { method, position, ...rest } = found.notification;
  const { method: expectedMethod, position: _, ...expected } = notification;
  assert.deepEqual(rest, expected);
  assert.deepEqual(position, retryPlace);
  assert.equal(method.address.reveal(), expectedMethod.address.reveal());
  assert.equal(method.periodMs, 60_000);
  assert.deepEqual(found.history, history);
  assert.deepEqual(
    [
      found.outcome,
      found.triedCount,
      found.lastTriedAtMs,
      found.notBeforeMs,
      found.sentAtMs,
      found.detail,
      found.instance,
    ],
    ['retrying', 1, 1395346831520, 1395346900000, undefined, 'refused', instance],
  );
});

test('reads back how often a send was put off, which is no attempt', () => {
  const history = [{ attempt: 1, atMs: 1000, failure: 'unreachable' }] as const;
  const notification = notificationOf(alarmWith(), { attempt: 2, history, putOffCount: 3 });
  const record = { notification, history, outcome: 'retrying', notBeforeMs: 7000, detail: 'not tried' } as const;
  const value = writtenOf(record);
  assert.deepEqual([value.attempt, value.retry_count, value.put_off, value.not_before], [1, 0, 3, 7000]);
  const back = readBack(record);
  assert.deepEqual([back.triedCount, back.notification.putOffCount], [1, 3]);
  const { putOffCount: _, ...never } = notification;
  assert.equal('put_off' in writtenOf({ ...record, notification: never }), false);
});

test('reads a record of the ancestor, due now, under an identity that is the same each time', () => {
  const value = Buffer.from(JSON.stringify(golden.record.expect));
  const found = parseOutcomeRecord(value, {}, retryPlace);
  const again = parseOutcomeRecord(value, {}, { ...retryPlace, offset: 9n });
  assert.ok(found.kind === 'outcome' && again.kind === 'outcome');
  assert.equal(found.notification.id, again.notification.id);
  assert.match(found.notification.id, /^[\w-]{32}$/);
  assert.deepEqual(
    [found.outcome, found.triedCount, found.notBeforeMs, found.notification.attempt, found.notification.method.id],
    [undefined, 0, undefined, 1, 'nm-1'],
  );
  assert.deepEqual(found.notification.alarm.position, retryPlace);
});

test('counts the sends of the ancestor from its retry count and time', () => {
  const record = { ...golden.record.expect, retry_count: 2, notification_timestamp: 1429023460.5 };
  const found = parseOutcomeRecord(Buffer.from(JSON.stringify(record)), {}, retryPlace);
  assert.ok(found.kind === 'outcome');
  assert.deepEqual([found.triedCount, found.lastTriedAtMs], [3, 1429023460500]);
});

for (const broken of ['', 'text', '[]', '{}', '{"raw_alarm":{}}', '{"raw_alarm":"x","id":"1"}']) {
  test(`refuses the broken record ${broken || '(empty)'} without quoting it`, () => {
    assert.throws(() => parseOutcomeRecord(Buffer.from(broken), {}, retryPlace), { code: 'ALARM_MALFORMED' });
  });
}

test('shortens an alarm that would not fit into a record, so that a retry can still be sent', () => {
  const alarm = alarmWith({
    stateChangeReason: 'é'.repeat(300_000),
    extra: 'x'.repeat(100_000),
    timestamp: 1429023453.25,
  });
  const record = {
    notification: notificationOf(alarm),
    history: [],
    outcome: 'retrying',
    notBeforeMs: 1,
    detail: '',
  } as const;
  const encoded = encodeOutcomeRecord(record, instance);
  assert.ok(Buffer.byteLength(encoded.value) < 1_000_000);
  assert.equal(writtenOf(record).raw_alarm_cut, true);
  const found = readBack(record).notification;
  assert.equal(found.id, record.notification.id);
  assert.equal(found.alarm.stateChangeReason, 'é'.repeat(9_999));
  assert.deepEqual([found.alarm.alarmId, found.alarm.changedAtMs, found.alarm.severity], ['a-1', 1429023453250, 'LOW']);
});

test('shortens an alarm of control characters, each of which takes six bytes, until it fits', () => {
  const of = (length: number) => {
    const text = '\u0001'.repeat(length);
    const texts = { alarmName: text, alarmDescription: text, stateChangeReason: text };
    return { ...texts, severity: text, link: text, lifecycleState: text };
  };
  const entry = { alarmId: 'a', name: 'n'.repeat(800_000), status: 'WARNING', changedAt: '' } as const;
  for (const [facts, most] of [
    [{}, 3_333],
    // The list of a digest is not cut: then there is less room for the rest.
    [{ digest: [entry] }, 33],
  ] as const) {
    const notification = notificationOf(alarmWith(of(20_000)), facts);
    const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 1, detail: '' } as const;
    const { value } = encodeOutcomeRecord(record, instance);
    assert.ok(Buffer.byteLength(value) <= 1_000_000, `${Buffer.byteLength(value)} bytes`);
    const { alarm } = readBack(record).notification;
    for (const cut of [alarm.alarmName, alarm.stateChangeReason, alarm.link]) assert.equal(cut, '\u0001'.repeat(most));
  }
});

test('parks a malformed message with its bytes, place and reason, and reads it back', () => {
  const raw = new Uint8Array([0xff, 0x00, 0x7b]);
  const letter = { position: somewhere, reason: 'malformed', raw, detail: 'the message is not UTF-8' } as const;
  const { key, value, headers } = encodeDeadLetter(letter, instance);
  assert.equal(key, 'alarm-state-transitions/3/812');
  assert.deepEqual(headers, { 'notification-outcome': 'malformed', 'notification-schema': '1' });
  const found = parseOutcomeRecord(Buffer.from(value), headers, retryPlace);
  assert.deepEqual(found, {
    kind: 'letter',
    outcome: 'malformed',
    isCut: false,
    instance,
    ...letter,
    raw: Buffer.from(raw),
  });
});

test('parks what killed workers as dead', () => {
  const letter = { position: somewhere, reason: 'killed_workers', raw: Buffer.from('x'), detail: '' } as const;
  const value = JSON.parse(String(encodeDeadLetter(letter, instance).value)) as Record<string, unknown>;
  assert.deepEqual([value.outcome, value.reason], ['dead', 'killed_workers']);
});

test('f9403b3: parks a message too large to be wrapped as it is, with the words in the headers', () => {
  const raw = Buffer.alloc(900_000, 0xff);
  const letter = { position: somewhere, reason: 'malformed', raw, detail: 'not UTF-8' } as const;
  const { value, headers } = encodeDeadLetter(letter, instance);
  assert.deepEqual(Buffer.from(value), raw);
  const found = parseOutcomeRecord(Buffer.from(value), headers, retryPlace);
  assert.deepEqual(found, { kind: 'letter', outcome: 'malformed', isCut: false, instance, ...letter });
});

test('f9403b3: cuts a message larger than a record may be, and says how long it was (D2)', () => {
  const letter = { position: somewhere, reason: 'malformed', raw: Buffer.alloc(3_000_000), detail: '' } as const;
  const { value, headers } = encodeDeadLetter(letter, instance);
  assert.equal(Buffer.from(value).length, 1_000_000);
  assert.deepEqual([headers['notification-raw'], headers['notification-raw-bytes']], ['cut', '3000000']);
});
