import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { epochMsOf, instantOfMs, parseInstant } from '../../../src/domain/instant.js';

function read(text: string) {
  const instant = parseInstant(text);
  assert.ok(instant !== undefined, text);
  return instant;
}

describe('an instant', () => {
  it('keeps every nanosecond and the text as it came', () => {
    const instant = read('2021-06-07T20:40:15.598765212Z');
    assert.equal(instant.text, '2021-06-07T20:40:15.598765212Z');
    assert.equal(instant.epochNs, BigInt(Date.UTC(2021, 5, 7, 20, 40, 15)) * 1_000_000n + 598_765_212n);
  });

  it('is the same whatever offset it is written in', () => {
    const same = ['2021-08-17T15:33:59+03:00', '2021-08-17T12:33:59Z', '2021-08-17T12:33:59.000000000-00:00'];
    for (const text of same) assert.equal(read(text).epochNs, read(same[0] ?? '').epochNs, text);
  });

  it('is compared as time, not as text', () => {
    assert.ok(read('2021-08-17T12:33:15Z').epochNs < read('2021-08-17T12:33:15.5Z').epochNs);
    assert.ok(read('2021-08-17T12:33:15.500000001Z').epochNs > read('2021-08-17T12:33:15.5Z').epochNs);
    assert.ok(read('2021-08-17T01:00:00+02:00').epochNs < read('2021-08-16T23:30:00Z').epochNs);
  });

  it('may lie in a leap second, on a leap day, before 1970 and in the first century', () => {
    assert.equal(read('2016-12-31T23:59:60Z').epochNs, read('2017-01-01T00:00:00Z').epochNs);
    assert.equal(epochMsOf(read('2024-02-29T00:00:00Z')), Date.UTC(2024, 1, 29));
    assert.equal(epochMsOf(read('1969-12-31T23:59:59.9999Z')), -1);
    assert.equal(epochMsOf(read('0001-01-01T00:00:00Z')), Date.parse('0001-01-01T00:00:00Z'));
    assert.equal(epochMsOf(read('2021-06-07t20:40:15.598765212z')), Date.UTC(2021, 5, 7, 20, 40, 15, 598));
  });

  for (const text of [
    '',
    '2021-06-07',
    '2021-06-07T20:40:15',
    '2021-06-07 20:40:15Z',
    '2021-06-07T20:40Z',
    '2021-02-29T00:00:00Z',
    '2021-13-01T00:00:00Z',
    '2021-06-31T00:00:00Z',
    '2021-06-07T24:00:00Z',
    '2021-06-07T20:60:00Z',
    '2021-06-07T20:40:61Z',
    '2021-06-07T20:40:15.Z',
    '2021-06-07T20:40:15.1234567890Z',
    '2021-06-07T20:40:15+24:00',
    '2021-06-07T20:40:15+0300',
    '+002021-06-07T20:40:15Z',
    ' 2021-06-07T20:40:15Z',
    '2021-06-07T20:40:15Z\n',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseInstant(text), undefined));
  }

  it('made of milliseconds is read again as the same', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') }),
        (ms) => {
          const made = instantOfMs(ms);
          assert.deepEqual(parseInstant(made.text), made);
          assert.equal(epochMsOf(made), ms);
        },
      ),
    );
    assert.throws(() => instantOfMs(8.64e15), RangeError);
  });
});
