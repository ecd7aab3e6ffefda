import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/cli/command.js';
import { changeDocument, changeText, parseAssignments, unheld } from '../../../src/cli/offset-assignments.js';
import { offsetRows } from '../../../src/cli/offset-rows.js';
import { finishedBits } from '../../../src/tracker/finished-set.js';

const at = (partition: number, offset: bigint) => ({ topic: 'alarms', partition, offset });
const held = new Map([
  ['alarms/0', { start: 5n, end: 20n }],
  ['alarms/1', { start: 0n, end: 0n }],
]);

describe('words of the form TOPIC/PARTITION=OFFSET', () => {
  it('are read exactly', () => {
    const largest = 9_223_372_036_854_775_807n;
    assert.deepEqual(parseAssignments(['a.b-c_d/0=12', `alarms/7=${largest}`]), [
      { topic: 'a.b-c_d', partition: 0, offset: 12n },
      at(7, largest),
    ]);
  });

  for (const word of [
    'alarms',
    'alarms/0',
    'alarms=0',
    '/0=1',
    'a/b/0=1',
    'alarms/-1=1',
    'alarms/2147483648=1',
    'a b/0=1',
  ]) {
    it(`are refused when they are ${word}`, () => {
      assert.throws(() => parseAssignments([word]), /expected TOPIC\/PARTITION=OFFSET/);
    });
  }

  for (const offset of ['', '-1', '1.5', '1e3', '0x10', '007', 'latest', '9223372036854775808']) {
    it(`are refused with ${JSON.stringify(offset)} for an offset`, () => {
      assert.throws(() => parseAssignments([`alarms/0=${offset}`]), UsageError);
    });
  }

  it('are refused when one partition comes twice', () => {
    assert.throws(() => parseAssignments(['alarms/0=1', 'alarms/1=1', 'alarms/0=2']), /alarms\/0 is set twice/);
  });
});

describe('what Kafka holds', () => {
  it('may be set to, its end included', () => {
    assert.deepEqual(unheld([at(0, 5n), at(1, 0n)], held), []);
    assert.deepEqual(unheld([at(0, 20n)], held), []);
  });

  it('limits what may be set', () => {
    assert.deepEqual(unheld([at(0, 4n)], held), ['alarms/0 can be set to 5 up to 20, not to 4']);
    assert.deepEqual(unheld([at(0, 21n), at(2, 0n)], held), [
      'alarms/0 can be set to 5 up to 20, not to 21',
      'Kafka has no partition alarms/2',
    ]);
  });
});

describe('a change', () => {
  const stored = (nextToRead: bigint, ...finished: number[]) => ({
    nextToRead,
    finishedAbove: finishedBits(finished, Number(nextToRead), 100),
  });

  it('says what comes of it', () => {
    assert.equal(changeText(at(0, 3n), stored(7n)), 'alarms/0: 7 -> 3 (4 messages will be read, and told, again)');
    assert.equal(changeText(at(0, 8n), stored(7n)), 'alarms/0: 7 -> 8 (1 message will never be read)');
    assert.equal(changeText(at(0, 7n), stored(7n)), 'alarms/0: 7 -> 7');
    assert.equal(changeText(at(0, 7n), 'damaged'), 'alarms/0: damaged -> 7');
    assert.equal(changeText(at(0, 7n), 'none'), 'alarms/0: none -> 7');
  });

  it('says how many messages are told again although they are finished, and leaves out none of them', () => {
    const before = stored(7n, 8, 9, 12);
    const again = (count: number) => `${count} beyond, finished already, will be told again`;
    const texts: readonly (readonly [bigint, string])[] = [
      [7n, `alarms/0: 7 -> 7 (${again(3)})`],
      [3n, `alarms/0: 7 -> 3 (4 messages will be read, and told, again; ${again(3)})`],
      [9n, `alarms/0: 7 -> 9 (1 message will never be read; ${again(2)})`],
      [12n, `alarms/0: 7 -> 12 (3 messages will never be read; ${again(1)})`],
      [13n, 'alarms/0: 7 -> 13 (3 messages will never be read)'],
    ];
    for (const [offset, text] of texts) assert.equal(changeText(at(0, offset), before), text);
    assert.equal(changeText(at(0, 9n), stored(8n, 8)), 'alarms/0: 8 -> 9');
  });

  it('says the same to scripts', () => {
    const facts = { topic: 'alarms', partition: 0 };
    assert.deepEqual(changeDocument(at(0, 9n), stored(7n, 8, 9, 12)), {
      ...{ ...facts, before: '7', after: '9', finished_again: 2 },
    });
    assert.deepEqual(changeDocument(at(0, 9n), 'none'), { ...facts, before: 'none', after: '9', finished_again: 0 });
  });
});

describe('the rows of positions', () => {
  const stored = (partition: number, nextToRead: bigint) => ({
    partition: { topic: 'alarms', partition },
    stored: { nextToRead, finishedAbove: new Uint8Array() },
  });

  it('show the lag, and what is strange about a position', () => {
    const rows = (nextToRead: bigint) => offsetRows([stored(0, nextToRead)], [], held)[0]?.at(-1);
    assert.deepEqual([rows(20n), rows(12n), rows(21n), rows(2n)], ['0', '8', 'beyond the end', '18, 3 of them gone']);
  });

  it('show partitions without a position last, and unknown ends as such', () => {
    assert.deepEqual(offsetRows([stored(1, 0n), stored(9, 4n)], [], held), [
      ['alarms/1', '0', '0', '0', '0'],
      ['alarms/9', '4', '?', '?', '?'],
      ['alarms/0', 'none', '5', '20', '15'],
    ]);
  });
});
