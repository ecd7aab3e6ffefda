import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ended, verdictOf } from '../../../src/cli/alarm-verdict.js';
import { isFinishedIn, outcomeIn, type SeenOutcome } from '../../../src/cli/outcome-watch.js';
import type { OutcomeRecord } from '../../../src/domain/outcome.js';
import { encodeDeadLetter, encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { finishedBits } from '../../../src/tracker/finished-set.js';
import { alarmWith, somewhere } from '../../support/alarms.js';
import { aNotification } from '../../support/notifications.js';

const nowMs = 1_429_023_460_000;

function seen(outcome: SeenOutcome['outcome'], id = 'n-1'): SeenOutcome {
  const facts = { reason: undefined, detail: undefined, notBeforeMs: undefined, tookMs: 5 };
  return { id, methodId: 'm-1', methodType: 'email', methodName: 'mail', outcome, ...facts };
}

function verdict(changes: Partial<Ended>) {
  return verdictOf({
    ...{ isFinished: true, seen: [], alarm: alarmWith(), offset: 812n, committed: 813n },
    ...{ nowMs, alarmTtlMs: 14_400_000, waitedMs: 60_000, digestCount: 0, ...changes },
  });
}

describe('the verdict over an alarm', () => {
  it('is all sent only when every method was told', () => {
    assert.equal(verdict({ seen: [seen('sent'), seen('sent', 'n-2')] }).result, 'all_sent');
    assert.deepEqual(verdict({ seen: [seen('sent'), seen('dead', 'n-2'), seen('retrying', 'n-3')] }), {
      result: 'not_all_sent',
      text: '1 of 3 methods sent; 1 dead, 1 retrying: what is retrying will be tried again by the engine; what is dead is parked: look at the reason, mend it, then mon-notification dead-letters replay',
    });
  });

  it('goes by the last outcome of each method', () => {
    assert.equal(verdict({ seen: [seen('retrying'), seen('sent')] }).result, 'all_sent');
  });

  it('tells why nobody was told', () => {
    assert.equal(verdict({}).result, 'no_methods');
    assert.match(verdict({}).text, /alarm definition d-1 in state ALARM/);
    const { alarmDefinitionId: _, ...rest } = alarmWith();
    assert.match(verdict({ alarm: { ...rest, alarmDefinitionId: undefined } }).text, /needs --definition-id/);
    assert.equal(verdict({ alarm: alarmWith({ actionsEnabled: false }) }).result, 'disabled');
    assert.equal(verdict({ alarmTtlMs: 1_000 }).result, 'expired');
  });

  it('names the digests that took it, alone or beside what was sent', () => {
    assert.deepEqual(verdict({ digestCount: 2 }), { result: 'digested', text: 'taken for the digests of 2 methods' });
    const text = 'all sent: 1 method; taken for the digests of 1 method';
    assert.deepEqual(verdict({ digestCount: 1, seen: [seen('sent')] }), { result: 'all_sent', text });
    assert.equal(verdict({ digestCount: 1, seen: [seen('dead')] }).result, 'not_all_sent');
    assert.equal(verdict({ digestCount: 1, isFinished: false }).result, 'timed_out');
  });

  it('is malformed when the alarm itself was parked', () => {
    assert.equal(verdict({ seen: [seen('malformed')], alarm: undefined }).result, 'malformed');
  });

  it('says what was seen when the time is over, also when all of that was sent', () => {
    const none = verdict({ isFinished: false, committed: undefined });
    assert.equal(none.result, 'timed_out');
    assert.match(
      none.text,
      /not finished after 60 s: no outcome was seen, and no position is stored .*is an engine running/,
    );
    const some = verdict({ isFinished: false, committed: 800n, seen: [seen('sent')] });
    assert.match(
      some.text,
      /1 sent was seen, and the committed position is 800 while the alarm is at 812; other methods/,
    );
  });
});

describe('an offset', () => {
  const stored = { nextToRead: 10n, finishedAbove: finishedBits([13, 18], 10, 100) };

  it('is finished below the committed one and where the set says so', () => {
    const finished = [9n, 10n, 12n, 13n, 14n, 18n, 19n, 1_000_000n].filter((offset) => isFinishedIn(stored, offset));
    assert.deepEqual(finished, [9n, 13n, 18n]);
  });
});

describe('a record on an output topic', () => {
  const alarm = { ...somewhere, timestampMs: 1_000 };
  const recordOf = ({ key, value, headers }: ReturnType<typeof encodeOutcomeRecord>) => ({
    ...{ topic: 'out', partition: 0, offset: 4n, key, headers, timestampMs: 1_700 },
    value: typeof value === 'string' ? Buffer.from(value) : value,
  });
  const written = (record: OutcomeRecord) => recordOf(encodeOutcomeRecord(record, 'engine-1'));

  it('says how long a send took by the time of the send', () => {
    const notification = aNotification('webhook', 'http://receiver', { alarm: alarmWith() });
    const at = { ...notification.alarm.position, timestampMs: 1_000 };
    const found = outcomeIn(
      written({ notification, history: [], outcome: 'sent', sentAtMs: 1_250, remoteId: undefined }),
      at,
    );
    assert.deepEqual([found?.outcome, found?.tookMs, found?.id], ['sent', 250, notification.id]);
  });

  it('says why nobody took it', () => {
    const notification = aNotification('webhook', 'http://receiver', { alarm: alarmWith() });
    const at = { ...notification.alarm.position, timestampMs: 1_000 };
    const dead = written({ notification, history: [], outcome: 'dead', reason: 'refused', detail: 'gone' });
    const found = outcomeIn(dead, at);
    assert.deepEqual([found?.outcome, found?.reason, found?.detail, found?.tookMs], ['dead', 'refused', 'gone', 700]);
  });

  it('is of a parked message, too', () => {
    const letter = { position: somewhere, reason: 'malformed', raw: Buffer.from('x'), detail: 'no JSON' } as const;
    assert.equal(outcomeIn(recordOf(encodeDeadLetter(letter, 'engine-1')), alarm)?.outcome, 'malformed');
  });

  it('of another alarm, or that is none, is passed over', () => {
    const letter = {
      position: { ...somewhere, offset: 1n },
      reason: 'malformed',
      raw: Buffer.from('x'),
      detail: '',
    } as const;
    assert.equal(outcomeIn(recordOf(encodeDeadLetter(letter, 'engine-1')), alarm), undefined);
    assert.equal(outcomeIn({ ...recordOf(encodeDeadLetter(letter, 'e')), value: Buffer.from('?') }, alarm), undefined);
  });
});
