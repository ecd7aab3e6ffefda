import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reKeyedAlarm } from '../../../../src/adapters/kafka/re-keyed-alarm.js';
import { parseDigestMessage } from '../../../../src/digest/message.js';
import { alarmMessage, rawMessage } from '../../../support/alarms.js';

/** What the digest reads out of what was passed on. */
function passedOn(changes: Readonly<Record<string, unknown>>) {
  const read = reKeyedAlarm(alarmMessage(changes));
  assert.ok(read.kind === 'changed');
  const message = parseDigestMessage(read.value, 'either');
  assert.ok(message.kind === 'status');
  return { userId: read.userId, change: message.change };
}

describe('an alarm of other producers', () => {
  it('becomes a status change of its tenant, with its name and the moment of its change, and without method', () => {
    const { userId, change } = passedOn({ severity: 'CRITICAL' });
    assert.equal(userId, 't-17');
    assert.equal(change.userId, 't-17');
    assert.equal(change.methodId, undefined);
    assert.equal(change.alarmId, 'a-1');
    assert.equal(change.name, 'test Alarm');
    assert.equal(change.status, 'CRITICAL');
    assert.equal(change.changedAt.text, '2015-04-14T14:57:33.632Z');
    assert.equal(change.sequence, -1);
  });

  it('is cleared when it is back to OK, and keeps what its event says: status, sequence and nanoseconds', () => {
    assert.equal(passedOn({ newState: 'OK' }).change.status, 'CLEARED');
    const event = { status: 'WARNING', sequence: 7, changedAt: '2026-01-01T00:00:00.123456789Z' };
    const { change } = passedOn(event);
    assert.deepEqual(
      [change.status, change.sequence, change.changedAt.text],
      ['WARNING', 7, '2026-01-01T00:00:00.123456789Z'],
    );
  });

  it('is left out when it only repeats, when nobody knows its state, and when its actions are disabled', () => {
    const reasonOf = (changes: object) => {
      const read = reKeyedAlarm(alarmMessage({ ...changes }));
      return read.kind === 'left_out' ? read.reason : read.kind;
    };
    assert.equal(reasonOf({ kind: 'repeat' }), 'repeat');
    assert.equal(reasonOf({ newState: 'UNDETERMINED' }), 'unknown_status');
    assert.equal(reasonOf({ actionsEnabled: false }), 'disabled');
  });

  it('is malformed where the engine would say so', () => {
    const read = reKeyedAlarm(rawMessage('garbage'));
    assert.equal(read.kind, 'malformed');
  });
});
