import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definitionIdOf, encodeAlarmEvent, eventIdOf, uuidOf } from '../../../src/domain/alarm-event.js';
import { isAlarmStatus, plainStateOf, severityOf, statusOfPlain } from '../../../src/domain/alarm-status.js';
import { alarmEvent as event } from '../../support/alarms.js';

describe('an alarm event', () => {
  it('is written key by key as consumers know it', () => {
    assert.deepEqual(encodeAlarmEvent(event), {
      key: 't-17',
      value:
        '{"alarm-transitioned":{"tenantId":"t-17","alarmId":"alert-1","alarmDefinitionId":"alert-1","alarmName":"alert-1",' +
        '"alarmDescription":"test-query-1","oldState":"ALARM","newState":"ALARM","oldStatus":"WARNING","status":"CRITICAL",' +
        '"severity":"CRITICAL","stateChangeReason":"critical",' +
        '"changedAt":"2026-03-01T10:00:15.000Z","timestamp":1772359215000,"kind":"transition","sequence":1772359200412,' +
        '"eventId":"f0fb566b6a0e90e6cacb7fd0b1b8f146","source":{"type":"alert-exec","instance":"mon-1","version":"1.0.0"},' +
        '"details":{"value":250.5,"warn":100,"critical":200},"actionsEnabled":true,"link":null,"lifecycleState":null,' +
        '"metrics":[],"subAlarms":[]}}',
    });
  });

  it('has null or an empty list where there is nothing to say, and no key is missing', () => {
    const bare = { ...event, alarmDescription: undefined, details: undefined, status: 'UNKNOWN' } as const;
    const { value } = encodeAlarmEvent({ ...bare, labels: { team: 'blue' }, link: 'https://example.com/' });
    const fields = JSON.parse(value)['alarm-transitioned'];
    assert.equal(fields.newState, 'UNDETERMINED');
    assert.deepEqual([fields.alarmDescription, fields.severity, fields.lifecycleState], [null, null, null]);
    assert.deepEqual([fields.metrics, fields.subAlarms, fields.labels], [[], [], { team: 'blue' }]);
    assert.equal('details' in fields, false);
    assert.equal(fields.link, 'https://example.com/');
  });

  it('is keyed by its alarm where tenants are spread', () => {
    assert.equal(encodeAlarmEvent(event, 'alarm').key, 't-17/alert-1');
  });
});

describe('identities', () => {
  it('are the hash of their parts, each with its length in front', () => {
    assert.equal(eventIdOf('t-17', 'alert-1', 1772359200412), 'f0fb566b6a0e90e6cacb7fd0b1b8f146');
    assert.notEqual(uuidOf(['ab', 'c']), uuidOf(['a', 'bc']));
    assert.match(uuidOf(['ü']), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('of definitions fit into 36 characters', () => {
    const long = 'x'.repeat(37);
    assert.equal(definitionIdOf('x'.repeat(36)), 'x'.repeat(36));
    assert.equal(definitionIdOf(long), uuidOf([long]));
  });
});

describe('the four levels', () => {
  it('are three states and two severities to plain consumers', () => {
    const levels = (['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const).map((s) => [plainStateOf(s), severityOf(s)]);
    assert.deepEqual(levels, [
      ['OK', undefined],
      ['ALARM', 'MEDIUM'],
      ['ALARM', 'CRITICAL'],
      ['UNDETERMINED', undefined],
    ]);
  });

  it('are read from a plain state, loud where in doubt', () => {
    for (const severity of ['CRITICAL', 'HIGH', undefined, 'strange', '']) {
      assert.equal(statusOfPlain('ALARM', severity), 'CRITICAL', severity);
    }
    for (const severity of ['LOW', 'MEDIUM', 'low']) assert.equal(statusOfPlain('ALARM', severity), 'WARNING');
    assert.equal(statusOfPlain('OK', 'CRITICAL'), 'OK');
    for (const state of ['UNDETERMINED', 'whatever', '']) assert.equal(statusOfPlain(state, 'LOW'), 'UNKNOWN');
  });

  it('are words in capitals', () => {
    assert.deepEqual(['OK', 'ok', 'UNKNOWN', 3, undefined].map(isAlarmStatus), [true, false, true, false, false]);
  });
});
