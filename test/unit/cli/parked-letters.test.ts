import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RawRecord } from '../../../src/adapters/kafka/topic-reader.js';
import { parkedLetter } from '../../../src/cli/parked-letter.js';
import { ParkedLetters } from '../../../src/cli/parked-letters.js';
import { parkedMessage, parkedNotification, settled, standing } from '../../support/dead-letter-records.js';

function listed(records: readonly RawRecord[], matches = (_reason: string | undefined) => true, capacity = 100) {
  const parked = new ParkedLetters(({ reason }) => matches(reason), capacity);
  for (const record of records) parked.saw(record);
  const names = parked.letters.map(({ id, at }) => `${id}@${at.offset}`);
  return { names, isCut: parked.isCut, keylessCount: parked.keylessCount };
}

describe('what is parked', () => {
  it('is of each key the newest letter', () => {
    const records = [parkedNotification('a', { offset: 0n }), parkedNotification('a', { offset: 3n })];
    assert.deepEqual(listed([...records, parkedNotification('b', { offset: 4n })]).names, ['a@3', 'b@4']);
  });

  it('is no letter that was settled', () => {
    const records = [parkedNotification('a', { offset: 0n }), settled('a', { offset: 0n }, { offset: 1n })];
    assert.deepEqual(listed(records).names, []);
  });

  it('is a letter that was parked again before its settlement was written', () => {
    const again = parkedNotification('a', { offset: 1n });
    const records = [parkedNotification('a', { offset: 0n }), again, settled('a', { offset: 0n }, { offset: 2n })];
    assert.deepEqual(listed(records).names, ['a@1']);
  });

  it('is no letter whose settlement lies in another partition and is read first', () => {
    const settlement = settled('a', { offset: 5n, partition: 1 }, { offset: 0n, partition: 0 });
    assert.deepEqual(listed([settlement, parkedNotification('a', { offset: 5n, partition: 1 })]).names, []);
    assert.deepEqual(listed([settlement, parkedNotification('a', { offset: 6n, partition: 1 })]).names, ['a@6']);
  });

  it('is of two partitions the letter that was parked last', () => {
    const newer = parkedNotification('a', { offset: 0n, partition: 0, timestampMs: 9 });
    const older = parkedNotification('a', { offset: 7n, partition: 1, timestampMs: 5 });
    for (const records of [
      [newer, older],
      [older, newer],
    ])
      assert.deepEqual(listed(records).names, ['a@0']);
  });

  it('is judged by its newest letter, not by one that was replaced', () => {
    const records = [
      parkedNotification('a', { offset: 0n }, 'refused'),
      parkedNotification('a', { offset: 1n }, 'bad_method'),
    ];
    assert.deepEqual(listed(records, (reason) => reason === 'refused').names, []);
    assert.deepEqual(listed(records, (reason) => reason === 'bad_method').names, ['a@1']);
  });

  it('is bounded, and says so; what is settled makes room', () => {
    const records = [0n, 1n, 2n].map((offset) => parkedNotification(`k${offset}`, { offset }));
    const full = listed(records, undefined, 2);
    assert.deepEqual([full.names, full.isCut], [['k0@0', 'k1@1'], true]);
    const [first, ...rest] = records;
    assert.ok(first !== undefined);
    const roomy = listed([first, settled('k0', { offset: 0n }, { offset: 9n }), ...rest], undefined, 2);
    assert.deepEqual([roomy.names, roomy.isCut], [['k1@1', 'k2@2'], false]);
  });

  it('counts what has no key, and takes a tombstone for settled', () => {
    const letter = parkedNotification('a', { offset: 0n });
    assert.deepEqual(listed([{ ...letter, key: undefined }]).keylessCount, 1);
    const tombstone = standing({ key: 'a', value: '', headers: {} }, { offset: 1n });
    assert.deepEqual(listed([letter, tombstone]).names, []);
  });

  it('never hides a letter that is newer than everything that was settled', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b'), isSettlement: fc.boolean(), back: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const records: RawRecord[] = [];
        const expected = new Map<string, bigint>();
        const letters = new Map<string, bigint[]>();
        for (const [index, { key, isSettlement, back }] of steps.entries()) {
          const offset = BigInt(index);
          const before = letters.get(key) ?? [];
          const target = before.at(-1 - back);
          if (!isSettlement) {
            records.push(parkedNotification(key, { offset }));
            letters.set(key, [...before, offset]);
            expected.set(key, offset);
          } else if (target !== undefined) {
            records.push(settled(key, { offset: target }, { offset }));
            if ((expected.get(key) ?? -1n) <= target) expected.delete(key);
          }
        }
        assert.deepEqual(listed(records).names.sort(), [...expected].map(([key, offset]) => `${key}@${offset}`).sort());
      }),
    );
  });
});

describe('a parked letter', () => {
  it('tells of a notification whose it is, and holds no address', () => {
    const letter = parkedLetter(parkedNotification('a', { offset: 0n, timestampMs: 5 }), 'a');
    const { type, methodId, alarmId, state, reason, parkedAtMs, source } = letter;
    assert.deepEqual(
      [type, methodId, alarmId, state, reason, parkedAtMs],
      ['webhook', 'nm-1', 'a-1', 'ALARM', 'refused', 5],
    );
    assert.equal(source, 'alarm-state-transitions/3@812');
    assert.ok(!Object.values(letter).some((value) => String(value).includes('example.org')));
  });

  it('tells of a message where it was read', () => {
    const { outcome, source, alarmId } = parkedLetter(parkedMessage('x', { offset: 0n }), 'k');
    assert.deepEqual([outcome, source, alarmId], ['malformed', 'alarm-state-transitions/3@812', undefined]);
  });

  it('is one also where nothing can be read', () => {
    const letter = parkedLetter(standing({ key: 'k', value: 'rubbish', headers: {} }, { offset: 0n }), 'k');
    assert.deepEqual([letter.outcome, letter.detail], ['unreadable', 'broken record: it is not JSON']);
    const headers = { 'notification-shortened': 'retry' };
    const refused = parkedLetter(standing({ key: 'k', value: '{"raw_alarm":null}', headers }, { offset: 0n }), 'k');
    assert.match(refused.detail, /topic retry refused the whole record/);
  });
});
