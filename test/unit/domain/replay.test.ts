import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decodeNotificationGroup,
  decodeRawAlarm,
  encodeNotificationGroup,
  encodeRawAlarm,
  sourceOfPayload,
} from '../../../src/domain/codec.js';
import { notificationId } from '../../../src/domain/notification.js';
import { deadReasons, type OutcomeRecord } from '../../../src/domain/outcome.js';
import { encodeDeadLetter, encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseAlarm } from '../../../src/domain/parse-alarm.js';
import { parseOutcomeRecord } from '../../../src/domain/parse-outcome-record.js';
import { type AlarmPosition, parsePlace, placeText } from '../../../src/domain/position.js';
import {
  encodeSettlement,
  parseSettlement,
  replayOfHeaders,
  replayOfLetter,
  replayOfOutcome,
  type Settlement,
} from '../../../src/domain/replay.js';
import { alarmMessage, alarmWith, somewhere } from '../../support/alarms.js';
import { aNotification } from '../../support/notifications.js';

const parkedAt = { topic: 'notification-dead-letters', partition: 2, offset: 40n };
const readAgainAt: AlarmPosition = { ...somewhere, offset: 900n };
const bytes = (value: string | Uint8Array) => Buffer.from(value);

describe('the replay of a notification', () => {
  const notification = aNotification('webhook', 'https://example.org/x', { alarm: alarmWith(), attempt: 6 });
  const history = [{ attempt: 6, atMs: 1_500, failure: 'timed_out' }] as const;
  const dead: OutcomeRecord = {
    ...{ notification, history, outcome: 'dead', reason: 'attempts_used_up', detail: 'late' },
  };
  const parked = encodeOutcomeRecord(dead, 'one');
  const read = parseOutcomeRecord(bytes(parked.value), parked.headers, parkedAt);
  assert.ok(read.kind === 'outcome');
  const again = encodeOutcomeRecord(replayOfOutcome(read, 'attempts_used_up', 9_000), 'two');
  const readAgain = parseOutcomeRecord(bytes(again.value), again.headers, readAgainAt);
  assert.ok(readAgain.kind === 'outcome');

  it('begins anew, also where it had been put off', () => {
    const waited = { ...read, notification: { ...read.notification, putOffCount: 4 } };
    const { notification: next, history: failures } = replayOfOutcome(waited, 'method_gone', 9_000);
    assert.deepEqual([next.putOffCount, next.attempt, failures], [undefined, 1, []]);
  });

  it('keeps its id, its alarm letter by letter, and its method', () => {
    assert.deepEqual([again.key, readAgain.notification.id], [notification.id, notification.id]);
    assert.equal(readAgain.notification.alarm.rawAlarm, notification.alarm.rawAlarm);
    assert.deepEqual(readAgain.notification.alarm.position, notification.alarm.position);
    assert.equal(readAgain.notification.method.address.reveal(), 'https://example.org/x');
  });

  it('is due at once, with its attempts begun anew', () => {
    assert.deepEqual([readAgain.outcome, readAgain.notBeforeMs, readAgain.triedCount], ['retrying', 9_000, 0]);
    assert.deepEqual(readAgain.history, []);
  });

  it('remembers when and why over its retries, between processes too', () => {
    const replay = { atMs: 9_000, reason: 'attempts_used_up' };
    assert.deepEqual(readAgain.notification.replay, replay);
    const group = { position: readAgainAt, notifications: [readAgain.notification] } as const;
    const decoded = decodeNotificationGroup(readAgainAt, encodeNotificationGroup(group));
    assert.deepEqual(decoded.notifications[0].replay, replay);
    assert.equal(read.notification.replay, undefined);
  });
});

describe('the replay of a message', () => {
  const letter = { position: somewhere, reason: 'malformed', raw: bytes('{"a"'), detail: 'no' } as const;
  const parked = encodeDeadLetter(letter, 'one');
  const read = parseOutcomeRecord(bytes(parked.value), parked.headers, parkedAt);
  assert.ok(read.kind === 'letter');

  it('is its bytes, with its first place and its reason in headers', () => {
    const { key, value, headers } = replayOfLetter(read, read.raw);
    assert.deepEqual([key, bytes(value).toString()], [placeText(somewhere), '{"a"']);
    assert.deepEqual(replayOfHeaders(headers), { source: somewhere, reason: 'malformed' });
    for (const other of [{}, { 'notification-replay': 'bad luck', 'notification-source': placeText(somewhere) }]) {
      assert.equal(replayOfHeaders(other), undefined);
    }
  });

  it('is the alarm of that place, wherever it was read again', () => {
    const raw = {
      ...alarmMessage(),
      position: readAgainAt,
      replay: { source: somewhere, reason: 'malformed' },
    } as const;
    const payload = encodeRawAlarm(raw);
    const decoded = decodeRawAlarm(readAgainAt, payload);
    assert.deepEqual(decoded, raw);
    const alarm = parseAlarm(decoded);
    assert.deepEqual(alarm.position, somewhere);
    assert.deepEqual(sourceOfPayload(readAgainAt, payload), somewhere);
    const told = aNotification('webhook', 'x', { alarm, position: readAgainAt });
    const group = encodeNotificationGroup({ position: readAgainAt, notifications: [told] });
    assert.deepEqual(sourceOfPayload(readAgainAt, group), somewhere);
    assert.equal(told.id, notificationId(somewhere, 'nm-1'));
  });

  it('crosses processes whatever its bytes and its place', () => {
    const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/);
    const offset = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    const partition = fc.nat({ max: 999_999_999 });
    const position = fc.record({ topic, partition, offset }, { noNullPrototype: true });
    const reason = fc.constantFrom(...deadReasons);
    fc.assert(
      fc.property(fc.uint8Array(), position, reason, (value, source, why) => {
        const raw = { position: somewhere, recordedAtMs: 5, value: bytes(value), replay: { source, reason: why } };
        assert.deepEqual(decodeRawAlarm(somewhere, encodeRawAlarm(raw)), raw);
        assert.deepEqual(parsePlace(placeText(source)), source);
      }),
    );
  });

  it('of anything but a replayed message the source is its own place', () => {
    const retryAt = { topic: 'retry-notifications', partition: 0, offset: 7n };
    const retry = aNotification('webhook', 'x', { alarm: alarmWith(), position: retryAt });
    const group = encodeNotificationGroup({ position: retryAt, notifications: [retry] });
    assert.deepEqual(sourceOfPayload(retryAt, group), retryAt);
    for (const payload of [encodeRawAlarm(alarmMessage()), '', 'g{"recordedAtMs":1,"from":["x"', 'u1 a b\n']) {
      assert.deepEqual(sourceOfPayload(somewhere, payload), somewhere);
    }
  });
});

describe('a settlement', () => {
  const settlement: Settlement = {
    outcome: 'replayed',
    letter: parkedAt,
    atMs: 77,
    by: 'host-1',
    alarmId: 'a-1',
    methodId: undefined,
  };

  it('is read back as it was written', () => {
    const { key, value, headers } = encodeSettlement('id-1', settlement);
    assert.deepEqual([key, headers['notification-outcome']], ['id-1', 'replayed']);
    assert.deepEqual(parseSettlement(bytes(value), headers, parkedAt), settlement);
  });

  it('is nothing else: neither a letter nor what is broken', () => {
    const letter = encodeDeadLetter({ position: somewhere, reason: 'malformed', raw: bytes(''), detail: '' }, 'one');
    assert.equal(parseSettlement(bytes(letter.value), letter.headers, parkedAt), undefined);
    const { headers } = encodeSettlement('id-1', settlement);
    for (const broken of ['', 'x', '{}', '{"settles_offset":"-1"}']) {
      assert.equal(parseSettlement(bytes(broken), headers, parkedAt), undefined);
    }
  });
});
