import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/domain/secret.js';
import { wireCopy } from './wire-copy.js';

const messages = fc.object({
  key: fc.string().filter((name) => name !== '__proto__'),
  values: [
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
  ],
});
const hasGap = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some((each) => each === undefined || hasGap(each))
    : typeof value === 'object' && value !== null && Object.values(value).some(hasGap);

describe('a message on the simulated wire', () => {
  it('arrives as JSON would carry it', () => {
    fc.assert(
      fc.property(messages, (message) => {
        fc.pre(!hasGap(message));
        assert.deepEqual(wireCopy(message), JSON.parse(JSON.stringify(message)));
      }),
    );
  });

  it('is not what the sender goes on with', () => {
    const message = { positions: [{ offset: '1' }] };
    const arrived = wireCopy(message);
    message.positions.push({ offset: '2' });
    assert.deepEqual(arrived, { positions: [{ offset: '1' }] });
  });

  for (const [name, value] of Object.entries({
    'a bigint': 1n,
    bytes: new Uint8Array([1]),
    'an object of a class': new Secret('x'),
    'a function': () => undefined,
    'a number that is none': Number.NaN,
    'a gap in a list': [undefined],
  }))
    it(`must not hold ${name}`, () => {
      assert.throws(() => wireCopy({ deep: [{ value }] }), TypeError);
    });
});
