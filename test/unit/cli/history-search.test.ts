import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawRecord } from '../../../src/adapters/kafka/topic-reader.js';
import { HistorySearch, type Wanted } from '../../../src/cli/history-search.js';
import { replayOfLetter } from '../../../src/domain/replay.js';
import { alarmMessage, alarmWith, somewhere } from '../../support/alarms.js';
import { parkedMessage, parkedNotification, settled, standing } from '../../support/dead-letter-records.js';

const everything: Wanted = { alarmId: undefined, methodId: undefined, id: undefined };

function found(
  wanted: Partial<Wanted>,
  outputs: readonly RawRecord[],
  alarms: readonly RawRecord[] = [],
  capacity = 100,
) {
  const search = new HistorySearch({ ...everything, ...wanted }, capacity);
  for (const record of outputs) search.sawOutput(record);
  for (const record of alarms) search.sawAlarm(record);
  return { events: search.events, whats: search.events.map(({ what }) => what), isCut: search.isCut };
}

function alarmAt(offset: bigint, changes: Readonly<Record<string, unknown>> = {}): RawRecord {
  const { value } = alarmMessage(changes);
  return { ...somewhere, offset, key: undefined, value, headers: {}, timestampMs: Number(offset) };
}

const dead = parkedNotification('n-1', { offset: 0n, timestampMs: 900 });

describe('the history', () => {
  it('of an alarm is its transitions, and what became of them', () => {
    const other = parkedNotification('n-2', { offset: 1n }, 'refused', alarmWith({ alarmId: 'a-2' }));
    const { whats } = found({ alarmId: 'a-1' }, [dead, other], [alarmAt(812n), alarmAt(813n, { alarmId: 'a-2' })]);
    assert.deepEqual(whats, ['alarm', 'dead']);
  });

  it('of a method has the alarms of what it was sent, and no others', () => {
    const { whats } = found({ methodId: 'nm-1' }, [dead], [alarmAt(812n), alarmAt(813n)]);
    assert.deepEqual(whats, ['alarm', 'dead']);
    assert.deepEqual(found({ methodId: 'nm-2' }, [dead], [alarmAt(812n)]).whats, []);
  });

  it('finds an alarm that nobody was told of, and says when that was wanted', () => {
    const { events } = found({ alarmId: 'a-1' }, [], [alarmAt(5n, { actionsEnabled: false })]);
    assert.equal(events[0]?.detail, 'OK -> ALARM; actionsEnabled is false: nobody is told');
  });

  it('does not take an id that is only mentioned for the id', () => {
    const mention = alarmWith({ alarmId: 'a-2', stateChangeReason: 'because of a-1' });
    assert.deepEqual(
      found({ alarmId: 'a-1' }, [parkedNotification('n', { offset: 0n }, 'refused', mention)]).whats,
      [],
    );
    assert.deepEqual(found({ alarmId: 'a-1' }, [], [alarmAt(1n, { alarmId: 'a-2', alarmName: 'a-1' })]).whats, []);
  });

  it('of a message by its place has its parking, its replay and its discarding', () => {
    const place = 'alarm-state-transitions/3/812';
    const letter = parkedMessage('{"alarmId":"a-1"', { offset: 0n, timestampMs: 3 });
    const again = replayOfLetter(
      {
        ...{ kind: 'letter', position: somewhere, outcome: 'malformed', reason: 'malformed', detail: '' },
        ...{ raw: Buffer.of(), isCut: false, instance: '' },
      },
      alarmMessage().value,
    );
    const replay = { ...standing(again, { offset: 900n, timestampMs: 5 }), topic: somewhere.topic, partition: 3 };
    const settlement = settled(place, { offset: 0n }, { offset: 1n, timestampMs: 6 });
    const { whats, events } = found({ id: place }, [letter, settlement], [replay]);
    assert.deepEqual(whats, ['malformed', 'replayed']);
    assert.deepEqual(new Set(events.map(({ id }) => id)), new Set([place]));
    assert.deepEqual(found({ alarmId: 'a-1' }, [letter]).whats, ['malformed']);
    assert.deepEqual(found({ alarmId: 'a-9' }, [letter]).whats, []);
    assert.deepEqual(found({ id: 'x/0/1' }, [letter, dead]).whats, []);
  });

  it('leaves out what is none of ours, and keeps the newest where there is too much', () => {
    const rubbish = standing({ key: 'k', value: '{"a":1}', headers: {} }, { offset: 0n });
    const records = Array.from({ length: 9 }, (_, index) => {
      return parkedNotification(`n-${index}`, { offset: BigInt(index), timestampMs: 1_000 + index });
    });
    const { events, isCut } = found({}, [rubbish, ...records], [], 2);
    assert.deepEqual([events.map(({ atMs }) => atMs), isCut], [[1_007, 1_008], true]);
    assert.equal(found({}, [rubbish]).isCut, false);
  });
});
