import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseDigestMessage } from '../../../src/digest/message.js';
import { parseRow, rowKey, rowText } from '../../../src/digest/stored-row.js';
import { parseInstant } from '../../../src/domain/instant.js';
import type { AlarmStatus, MessageForm, MethodWish, StoredRow } from '../../../src/ports/digest.js';

const good = { AlarmID: 'a', UserID: 'u', Status: 'CRITICAL', ChangedAt: '2021-06-07T20:40:15.598765212Z' };
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a message to the digest', () => {
  it('is a status or a command by its place, or by its fields where both are read', () => {
    assert.equal(parseDigestMessage(bytes(good), 'status').kind, 'status');
    assert.equal(parseDigestMessage(bytes(good), 'either').kind, 'status');
    assert.equal(parseDigestMessage(bytes(good), 'command').kind, 'command');
    assert.equal(parseDigestMessage(bytes({ UserID: 'u' }), 'either').kind, 'command');
    assert.equal(parseDigestMessage(bytes({ UserID: 'u' }), 'status').kind, 'malformed');
  });

  it('may spell its keys in any letter case; the exact spelling wins', () => {
    const read = parseDigestMessage(bytes('{"userid":"x","UserID":"u","USERID":"y"}'), 'command');
    assert.deepEqual(read, { kind: 'command', command: { userId: 'u', methodId: undefined } });
  });

  it('may name a method and a sequence', () => {
    const read = parseDigestMessage(bytes({ ...good, MethodID: 'm', Sequence: 7 }), 'status');
    assert.ok(read.kind === 'status');
    assert.deepEqual([read.change.methodId, read.change.sequence], ['m', 7]);
  });

  it('may say what a method wishes; without a method it means nothing', () => {
    const wishIn = (more: object) => {
      const read = parseDigestMessage(bytes({ ...good, ...more }), 'status');
      return read.kind === 'status' ? [read.change.wish, read.leftOut] : assert.fail();
    };
    const wish = { Schedule: 'every 4h', Empty: 'send' };
    assert.deepEqual(wishIn({ MethodID: 'm', ...wish }), [{ schedule: 'every 4h', empty: 'send' }, []]);
    assert.deepEqual(wishIn(wish), [undefined, []]);
    assert.deepEqual(wishIn({ MethodID: 'm', Schedule: 4, Empty: 'maybe' }), [undefined, ['Schedule', 'Empty']]);
  });

  it('may name its alarm for people; what is no name is left out, and the name is cut to a line', () => {
    const nameIn = (value: unknown) => {
      const read = parseDigestMessage(bytes({ ...good, AlarmName: value }), 'status');
      return read.kind === 'status' ? read.change.name : assert.fail();
    };
    assert.deepEqual(['Disk full', '', 7, null].map(nameIn), ['Disk full', undefined, undefined, undefined]);
    assert.equal(nameIn('n'.repeat(5_000))?.length, 200);
  });

  it('is understood without what it only adds, when that is of a wrong type', () => {
    for (const [more, leftOut] of [
      [{ Sequence: '7' }, ['Sequence']],
      [{ Sequence: 0 }, ['Sequence']],
      [{ Sequence: 1.5, AlarmName: 7 }, ['AlarmName', 'Sequence']],
      [{ Sequence: null, AlarmName: null }, []],
    ] as const) {
      const read = parseDigestMessage(bytes({ ...good, ...more }), 'status');
      assert.ok(read.kind === 'status');
      assert.deepEqual([read.change.sequence, read.change.name, read.leftOut], [-1, undefined, leftOut]);
    }
  });

  const wrong: readonly (readonly [what: string, value: unknown])[] = [
    ['no JSON', 'garbage'],
    ['a trailing comma', '{"UserID":"u",}'],
    ['no object', '[]'],
    ['null', 'null'],
    ['an unknown status', { ...good, Status: 'critical' }],
    ['an empty user', { ...good, UserID: '' }],
    ['a number for a user', { ...good, UserID: 7 }],
    ['no alarm', { ...good, AlarmID: null }],
    ['the zero time', { ...good, ChangedAt: '0001-01-01T00:00:00Z' }],
    ['an impossible day', { ...good, ChangedAt: '2021-02-30T00:00:00Z' }],
    ['no zone', { ...good, ChangedAt: '2021-02-03T00:00:00' }],
    ['ten decimals', { ...good, ChangedAt: '2021-02-03T00:00:00.0123456789Z' }],
    ['a method that is a number', { ...good, MethodID: 7 }],
    ['an id of 5,000 characters', { ...good, AlarmID: 'a'.repeat(5_000) }],
  ];
  for (const [what, value] of wrong) {
    it(`is malformed with ${what}, and the reason does not quote it`, () => {
      const read = parseDigestMessage(bytes(value), 'status');
      assert.ok(read.kind === 'malformed');
      assert.ok(!read.reason.includes('garbage'));
    });
  }

  it('is accounted for whatever it is: 100,000 seeded inputs', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({
          AlarmID: fc.anything(),
          userid: fc.string(),
          Status: fc.constantFrom('CRITICAL', 'CLEARED', 'x', 1),
          ChangedAt: fc.oneof(fc.string(), fc.date({ noInvalidDate: true }).map(String), fc.constant(good.ChangedAt)),
        })
        .map((value) => JSON.stringify(value)),
    );
    const inputs = fc.oneof(
      fc.uint8Array(),
      texts.map((text) => Buffer.from(String(text))),
    );
    const forms = fc.constantFrom<MessageForm>('status', 'command', 'either');
    const counts = { status: 0, command: 0, malformed: 0, elsewhere: 0 };
    fc.assert(
      fc.property(inputs, forms, (input, form) => {
        counts[parseDigestMessage(input, form).kind] += 1;
      }),
      { numRuns: 100_000, seed: 20_260_101 },
    );
    assert.equal(counts.status + counts.command + counts.malformed, 100_000);
    assert.ok(Math.min(counts.status, counts.command, counts.malformed) > 50, JSON.stringify(counts));
  });
});

describe('a stored row', () => {
  const changedAt = parseInstant(good.ChangedAt);
  assert.ok(changedAt !== undefined);
  const owner = fc.record({
    userId: fc.string({ minLength: 1 }),
    methodId: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  });
  const alarm = fc.record(
    {
      status: fc.constantFrom<AlarmStatus>('CLEARED', 'WARNING', 'CRITICAL'),
      changedAt: fc.constant(changedAt),
      sequence: fc.oneof(fc.constant(-1), fc.integer({ min: 1 })),
      name: fc.string({ minLength: 1 }),
      toSend: fc.boolean(),
      version: fc.integer({ min: 1 }),
      storedAtMs: fc.nat(),
    },
    { requiredKeys: ['status', 'changedAt', 'sequence', 'toSend', 'version', 'storedAtMs'] },
  );
  const row: fc.Arbitrary<StoredRow> = fc.oneof(
    fc
      .tuple(owner, fc.string({ minLength: 1 }), alarm)
      .map(([own, alarmId, state]) => ({ kind: 'alarm' as const, ...own, alarmId, alarm: state })),
    fc.tuple(owner, fc.nat()).map(([own, ranAtMs]) => ({ kind: 'schedule' as const, ...own, ranAtMs })),
    fc
      .tuple(
        owner,
        fc.constantFrom<MethodWish>({ schedule: '08:00' }, { empty: 'send' }, { schedule: 'every 4h', empty: 'skip' }),
      )
      .map(([own, wish]) => ({ kind: 'wish' as const, ...own, wish })),
  );

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(row, (one) => {
        assert.deepEqual(parseRow(rowText(one) ?? ''), structuredClone(one));
      }),
    );
  });

  it('has a name of its own, whatever its ids are', () => {
    const names = [
      { kind: 'alarm', userId: 'ab', methodId: undefined, alarmId: 'c', alarm: undefined },
      { kind: 'alarm', userId: 'a', methodId: undefined, alarmId: 'bc', alarm: undefined },
      { kind: 'alarm', userId: 'a', methodId: 'b', alarmId: 'c', alarm: undefined },
      { kind: 'schedule', userId: 'ab', methodId: undefined, ranAtMs: 1 },
      { kind: 'wish', userId: 'ab', methodId: undefined, wish: {} },
      { kind: 'schedule', userId: 'a', methodId: 'b', ranAtMs: 1 },
    ] as const;
    assert.equal(new Set(names.map(rowKey)).size, names.length);
  });

  it('that is damaged is refused', () => {
    for (const text of [
      '{}',
      '{"u":"u"}',
      '{"u":"u","e":"maybe"}',
      '{"u":"u","a":"a","s":"PANIC","t":"2021-06-07T20:40:15Z","d":1,"v":1,"w":1}',
      'x',
    ]) {
      assert.throws(() => parseRow(text));
    }
  });
});
