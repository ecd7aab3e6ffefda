import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  decodeFinishedSet,
  encodeFinishedSet,
  finishedBits,
  setBits,
  spanLimits,
} from '../../../src/tracker/finished-set.js';

const bitsOf = (...bits: readonly number[]) => finishedBits(bits, 0, spanLimits.waiting);
const listOf = (bits: Uint8Array) => [...setBits(bits)];

interface Texts {
  encode(bits: Uint8Array): string;
  decode(text: string): Uint8Array;
}

/** What goes in comes out, whichever way it is written. */
function checkTexts({ encode, decode }: Texts, settings: { readonly numRuns: number; readonly seed?: number }): void {
  const sets = fc.oneof(
    fc.array(fc.nat({ max: 200 })),
    fc.array(fc.nat({ max: spanLimits.waiting - 1 }), { maxLength: 50 }),
    // Nearly full: the kind that is written as holes.
    fc
      .tuple(fc.integer({ min: 1, max: 3000 }), fc.array(fc.nat({ max: 2999 }), { maxLength: 60 }))
      .map(([count, holes]) => Array.from({ length: count }, (_, bit) => bit).filter((bit) => !holes.includes(bit))),
  );
  const property = fc.property(sets, (set) => {
    const bits = bitsOf(...set);
    assert.deepEqual(
      listOf(bits),
      [...new Set(set)].sort((a, b) => a - b),
    );
    assert.deepEqual(decode(encode(bits)), bits);
  });
  fc.assert(property, settings);
}

/** Tests of the tests: texts with one fault each. */
const mutants: Readonly<Record<string, Partial<Texts>>> = {
  'leave the last one out': { encode: (bits) => encodeFinishedSet(bits.subarray(0, -1)) },
  'have every bit one too high': {
    decode: (text) => bitsOf(...listOf(decodeFinishedSet(text)).map((bit) => bit + 1)),
  },
  'take a hole for finished': {
    decode: (text) => {
      const bits = decodeFinishedSet(text);
      return text.startsWith('mn1:h') ? bits.fill(0xff, 0, bits.length - 1) : bits;
    },
  },
};

describe('finished set', () => {
  test('survives its text, whatever is in it', () => {
    checkTexts({ encode: encodeFinishedSet, decode: decodeFinishedSet }, { numRuns: 200 });
  });

  test('the empty set is the empty text, and trailing zeros do not count', () => {
    assert.equal(encodeFinishedSet(new Uint8Array()), '');
    assert.equal(encodeFinishedSet(new Uint8Array(100)), '');
    assert.deepEqual(decodeFinishedSet(''), new Uint8Array());
    assert.equal(encodeFinishedSet(new Uint8Array([2, 0, 0])), encodeFinishedSet(new Uint8Array([2])));
  });

  test('the text of a set does not change between versions (P17)', () => {
    assert.equal(encodeFinishedSet(bitsOf(1)), 'mn1:bAg==');
    assert.equal(encodeFinishedSet(bitsOf(...Array.from({ length: 99 }, (_, bit) => bit + 1))), 'mn1:hZAA=');
  });

  test('one hole before 20,000 finished ones is a few characters, and no set of them is above 3,341', () => {
    const stuckHead = Array.from({ length: 19_999 }, (_, bit) => bit + 1);
    assert.ok(encodeFinishedSet(bitsOf(...stuckHead)).length < 15);
    const scattered = Array.from({ length: 10_000 }, (_, bit) => bit * 2 + 1);
    assert.ok(encodeFinishedSet(bitsOf(...scattered)).length <= 3341);
  });

  test('what lies below or beyond the span is left out', () => {
    assert.deepEqual(listOf(finishedBits([4, 5, 12, 13, 900], 5, 8)), [0, 7]);
  });

  const damaged: Readonly<Record<string, string>> = {
    'text without a prefix': '41',
    'an unknown version': 'mn2:bAg==',
    'an unknown kind': 'mn1:xAg==',
    'a prefix alone': 'mn1:b',
    'the other prefix alone': 'mn1:h',
    'text that is not base64': 'mn1:b!!!!',
    'base64 cut short': 'mn1:bAg=',
    'more bits than any span': `mn1:b${Buffer.alloc(spanLimits.waiting / 8 + 1, 1).toString('base64')}`,
    'holes of nothing': `mn1:h${Buffer.from([0]).toString('base64')}`,
    'more bits than any span, as holes': `mn1:h${Buffer.from([0xff, 0xff, 0x7f]).toString('base64')}`,
    'a number that never ends': `mn1:h${Buffer.from([0xff, 0xff, 0xff, 0xff, 0x01]).toString('base64')}`,
    'a number cut short': `mn1:h${Buffer.from([0x0a, 0x80]).toString('base64')}`,
    'a hole outside the set': `mn1:h${Buffer.from([10, 10]).toString('base64')}`,
  };
  for (const [name, text] of Object.entries(damaged)) {
    test(`refuses ${name}`, () => {
      assert.throws(() => decodeFinishedSet(text), RangeError);
    });
  }

  test('never reads garbage as a set that it could not have written', () => {
    const property = fc.property(
      fc.constantFrom('mn1:b', 'mn1:h'),
      fc.uint8Array({ maxLength: 40 }),
      (prefix, bytes) => {
        let bits: Uint8Array;
        try {
          bits = decodeFinishedSet(prefix + Buffer.from(bytes).toString('base64'));
        } catch (error) {
          assert.ok(error instanceof RangeError);
          return;
        }
        assert.ok(bits.length <= spanLimits.waiting / 8);
        assert.deepEqual(listOf(decodeFinishedSet(encodeFinishedSet(bits))), listOf(bits));
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('the property that the texts of finished sets pass', () => {
  for (const [fault, mutant] of Object.entries(mutants)) {
    test(`rejects texts that ${fault}`, () => {
      const texts = { encode: encodeFinishedSet, decode: decodeFinishedSet, ...mutant };
      assert.throws(() => checkTexts(texts, { numRuns: 200, seed: 1 }), /Property failed/);
    });
  }
});
