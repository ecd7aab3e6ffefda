import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeAlarmEvent } from '../../../src/domain/alarm-event.js';
import { decodeNotificationGroup, encodeNotificationGroup } from '../../../src/domain/codec.js';
import { EngineError } from '../../../src/domain/errors.js';
import { changeOfAlarm, isRepeat, statusOfAlarm } from '../../../src/domain/event-facts.js';
import { orderKeyOf, parseAlarm, readAlarm } from '../../../src/domain/parse-alarm.js';
import { alarmEvent, alarmMessage, alarmWith, rawMessage, somewhere } from '../../support/alarms.js';
import { aNotification } from '../../support/notifications.js';

const event = { ...alarmEvent, details: { value: 250.5 }, labels: { team: 'blue' } };
const plain =
  '{"alarm-transitioned":{"alarmId":"a-9","alarmName":"disk full","newState":"ALARM","oldState":"OK","stateChangeReason":"95 %","tenantId":"t-17","timestamp":1394641255}}';

function problemOf(text: string): string {
  try {
    parseAlarm(rawMessage(text));
    return 'none';
  } catch (error) {
    assert.ok(error instanceof EngineError && error.code === 'ALARM_MALFORMED');
    return error.message;
  }
}

describe('the parser of alarms', () => {
  it('reads every event that we write, and each fact of it', () => {
    for (const status of ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const) {
      const { alarm, defaulted } = readAlarm(rawMessage(encodeAlarmEvent({ ...event, status }).value));
      assert.deepEqual(defaulted, []);
      assert.equal(statusOfAlarm(alarm), status);
      const { changedAt, ...facts } = alarm.event ?? {};
      assert.equal(changedAt?.text, '2026-03-01T10:00:15.000Z');
      const { sequence, kind, source, details, labels } = event;
      const eventId = 'f0fb566b6a0e90e6cacb7fd0b1b8f146';
      assert.deepEqual(facts, { oldStatus: 'WARNING', status, kind, sequence, eventId, source, details, labels });
    }
  });

  it('derives the same of a plain message, in seconds and in milliseconds', () => {
    for (const text of [plain, plain.replace('1394641255', '1394641255000')]) {
      const alarm = parseAlarm(rawMessage(text));
      assert.equal('event' in alarm, false);
      assert.deepEqual([statusOfAlarm(alarm), isRepeat(alarm)], ['CRITICAL', false]);
      assert.equal(changeOfAlarm(alarm).text, '2014-03-12T16:20:55.000Z');
    }
    assert.equal(statusOfAlarm(alarmWith({ severity: 'LOW' })), 'WARNING');
    assert.equal(statusOfAlarm(alarmWith({ newState: 'undetermined' })), 'UNKNOWN');
  });

  it('leaves out a fact of a wrong type, says which, and reads the alarm', () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ['status', 7],
      ['status', 'critical'],
      ['oldStatus', 'LOUD'],
      ['kind', 'again'],
      ['sequence', '7'],
      ['sequence', 0],
      ['sequence', 1.5],
      ['sequence', 2 ** 53],
      ['changedAt', 'yesterday'],
      ['changedAt', 1772359215],
      ['eventId', 'F0'],
      ['source', 'alert-exec'],
      ['source', { type: 'other', instance: 'i', version: 'v' }],
      ['source', { type: 'probe', instance: 3, version: 'v' }],
      ['details', [1]],
      ['labels', { team: 3 }],
      ['labels', 'x'],
    ];
    for (const [field, value] of wrong) {
      const { alarm, defaulted } = readAlarm(alarmMessage({ [field]: value }));
      assert.deepEqual(defaulted, [field], `${field} ${JSON.stringify(value)}`);
      assert.ok(Object.values(alarm.event ?? {}).every((fact) => fact === undefined));
      assert.deepEqual(readAlarm(alarmMessage({ [field]: null })).defaulted, []);
    }
  });

  it('believes the plain state when the status contradicts it', () => {
    const { alarm, defaulted } = readAlarm(alarmMessage({ status: 'OK', newState: 'ALARM', severity: 'CRITICAL' }));
    assert.deepEqual(defaulted, ['status']);
    assert.equal(statusOfAlarm(alarm), 'CRITICAL');
    assert.deepEqual(readAlarm(alarmMessage({ oldStatus: 'CRITICAL', oldState: 'OK' })).defaulted, ['oldStatus']);
  });

  it('takes a worsening inside ALARM for the alarm that it is', () => {
    const alarm = alarmWith({ oldState: 'ALARM', newState: 'ALARM', oldStatus: 'WARNING', status: 'CRITICAL' });
    assert.deepEqual([alarm.event?.oldStatus, statusOfAlarm(alarm)], ['WARNING', 'CRITICAL']);
  });

  it('keeps every nanosecond and unknown fields, also between processes', () => {
    const text =
      '{"alarmId":"a","x":{"y":[1.0,{"z":12345678901234567890}]},"changedAt":"2021-06-07T20:40:15.598765212+02:00"';
    const rest =
      ',"kind":"repeat","alarmName":"n","newState":"OK","oldState":"OK","stateChangeReason":"r","tenantId":"t","timestamp":1}';
    const alarm = parseAlarm(rawMessage(`{"alarm-transitioned": ${text}${rest} }`));
    assert.equal(alarm.rawAlarm, text + rest);
    const group = { position: somewhere, notifications: [aNotification('email', 'a@b', { alarm })] as const };
    const [again] = decodeNotificationGroup(somewhere, encodeNotificationGroup(group)).notifications;
    assert.deepEqual(again.alarm, alarm);
    assert.equal(changeOfAlarm(again.alarm).text, '2021-06-07T20:40:15.598765212+02:00');
    assert.equal(isRepeat(again.alarm), true);
  });
});

describe('an AlarmStatusChanged on the alarm topic', () => {
  const text = (changes: object = {}) =>
    JSON.stringify({
      AlarmID: 'x-1',
      UserID: 'u-1',
      Status: 'CRITICAL',
      ChangedAt: '2021-06-07T20:40:15.598765212Z',
      ...changes,
    });

  it('is an alarm whose state before is not known', () => {
    const alarm = parseAlarm(rawMessage(text()));
    const { alarmId, alarmName, tenantId, newState, oldState, severity, stateChangeReason } = alarm;
    assert.deepEqual([alarmId, alarmName, tenantId], ['x-1', 'x-1', 'u-1']);
    assert.deepEqual([oldState, newState, severity], ['UNDETERMINED', 'ALARM', 'CRITICAL']);
    assert.equal(stateChangeReason, 'status changed to CRITICAL');
    assert.equal(statusOfAlarm(alarm), 'CRITICAL');
    assert.equal(changeOfAlarm(alarm).text, '2021-06-07T20:40:15.598765212Z');
    assert.equal(alarm.changedAtMs, Date.UTC(2021, 5, 7, 20, 40, 15, 598));
    assert.equal(alarm.rawAlarm, text());
    assert.equal(orderKeyOf(Buffer.from(text()), somewhere), 'x-1');
  });

  it('clears and warns too, and its keys may be written in any case, the exact one first', () => {
    assert.equal(parseAlarm(rawMessage(text({ Status: 'CLEARED' }))).newState, 'OK');
    assert.equal(statusOfAlarm(parseAlarm(rawMessage(text({ Status: 'WARNING' })))), 'WARNING');
    const other =
      '{"userid":"u","alarmid":"wrong","AlarmID":"right","STATUS":"WARNING","changedAt":"2021-08-17T15:33:59+03:00"}';
    assert.deepEqual([parseAlarm(rawMessage(other)).alarmId, parseAlarm(rawMessage(other)).tenantId], ['right', 'u']);
  });

  it('survives the way between processes', () => {
    const alarm = parseAlarm(rawMessage(text()));
    const group = { position: somewhere, notifications: [aNotification('email', 'a@b', { alarm })] as const };
    const [again] = decodeNotificationGroup(somewhere, encodeNotificationGroup(group)).notifications;
    assert.deepEqual(again.alarm, alarm);
  });

  it('is malformed when it lacks what decides', () => {
    assert.match(problemOf(text({ AlarmID: '' })), /AlarmID: expected a text, got an empty text/);
    assert.match(problemOf(text({ UserID: undefined })), /UserID: expected a text, got nothing/);
    assert.match(problemOf(text({ Status: 'LOUD' })), /Status: expected CLEARED, WARNING or CRITICAL/);
    assert.match(problemOf(text({ Status: 'toString' })), /Status: expected/);
    assert.match(problemOf(text({ ChangedAt: '2021-02-30T00:00:00Z' })), /ChangedAt: expected a time/);
    assert.match(problemOf(text({ ChangedAt: '0001-01-01T00:00:00Z' })), /timestamp/);
    assert.match(problemOf('{"UserID":"u"}'), /alarm-transitioned: expected an object/);
  });
});
