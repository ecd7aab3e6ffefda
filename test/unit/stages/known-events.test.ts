import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeRawAlarm } from '../../../src/domain/codec.js';
import { toParcel } from '../../../src/stages/kafka-consumer.js';
import { KnownEvents } from '../../../src/stages/known-events.js';
import { alarmMessage, rawMessage } from '../../support/alarms.js';

const source = { type: 'alert-exec', instance: 'mon-1', version: '1' };

/** An event with this number, read at this offset. */
function read(sequence: number | undefined, offset: bigint, changes: object = {}, partition = 0) {
  return alarmMessage({ sequence, source, ...changes }, { topic: 't', partition, offset });
}

describe('known events', () => {
  it('are copies and older ones, further on in the same partition', () => {
    const known = new KnownEvents();
    assert.deepEqual(
      [read(5, 1n), read(5, 2n), read(6, 3n), read(4, 4n), read(6, 5n), read(7, 6n)].map((raw) => known.saw(raw)),
      [false, true, false, true, true, false],
    );
  });

  it('are none when the same place, or an earlier one, is read again', () => {
    const known = new KnownEvents();
    known.saw(read(5, 10n));
    known.saw(read(6, 11n));
    assert.deepEqual(
      [read(5, 10n), read(6, 11n), read(6, 12n)].map((raw) => known.saw(raw)),
      [false, false, true],
    );
  });

  it('are none of another alarm, tenant, source or partition, and none without a number', () => {
    const known = new KnownEvents();
    known.saw(read(5, 1n));
    const others = [
      read(5, 2n, { alarmId: 'other' }),
      read(5, 2n, { tenantId: 'other' }),
      read(5, 2n, { source: { ...source, instance: 'mon-2' } }),
      read(5, 2n, {}, 1),
      read(undefined, 2n),
      rawMessage('no alarm'),
    ];
    for (const raw of others) assert.equal(known.saw(raw), false);
  });

  it('are forgotten when very many other alarms came since', () => {
    const known = new KnownEvents(2);
    known.saw(read(5, 1n));
    for (const [index, alarmId] of ['b', 'c'].entries()) known.saw(read(1, BigInt(2 + index), { alarmId }));
    assert.equal(known.saw(read(5, 9n)), false);
  });

  it('are marked on their way to the alarm processor, where copies are to be dropped', () => {
    const known = new KnownEvents();
    const marks = [read(5, 1n), read(5, 2n)].map((raw) => {
      const { position, payload } = toParcel(raw, known);
      return decodeRawAlarm(position, payload).isKnown;
    });
    assert.deepEqual(marks, [undefined, true]);
    assert.equal(decodeRawAlarm(read(5, 2n).position, toParcel(read(5, 2n)).payload).isKnown, undefined);
  });

  it('never hold back what a person has sent through the engine again', () => {
    const known = new KnownEvents();
    known.saw(read(5, 10n));
    const replay = { source: { topic: 't', partition: 0, offset: 10n }, reason: 'killed_workers' } as const;
    const parcel = toParcel({ ...read(5, 12n), replay }, known);
    assert.equal(decodeRawAlarm(parcel.position, parcel.payload).isKnown, undefined);
  });
});
