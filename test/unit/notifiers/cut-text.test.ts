import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  cutText,
  jsonBytes,
  type TextMeasure,
  utf8Bytes,
  utf16Units,
  wellFormed,
} from '../../../src/notifiers/cut-text.js';

const family = '👨‍👩‍👧‍👦';
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const startsOf = (text: string) => new Set([...segmenter.segment(text)].map(({ index }) => index));

/** Texts of what is nasty: joined emoji, combining marks, flags, escapes, halves of pairs, line ends. */
const nastyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(family, 'e\u0301', '🇩🇪', '"', '\\', '\0', '\r\n', '\ud800', '\udc00', '<', 'ß', 'a', ' '),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const escaped: TextMeasure = (text) => text.replace(/[&<>]/g, '&amp;').length;
const measures: readonly (readonly [name: string, measure: TextMeasure])[] = [
  ['UTF-16 units', utf16Units],
  ['UTF-8 bytes', utf8Bytes],
  ['JSON bytes', jsonBytes],
  ['escaped characters', escaped],
];

for (const [name, measure] of measures) {
  describe(`a text cut by ${name}`, () => {
    test('never exceeds the limit, and is valid JSON and UTF-8', () => {
      fc.assert(
        fc.property(nastyText, fc.nat({ max: 120 }), (text, limit) => {
          const cut = cutText(text, limit, measure);
          assert.ok(measure(cut) <= limit);
          assert.equal(JSON.parse(JSON.stringify(cut)), cut);
          assert.equal(Buffer.from(cut).toString('utf8'), cut);
        }),
      );
    });

    test('comes back whole when it fits', () => {
      fc.assert(
        fc.property(nastyText, (text) => {
          const whole = wellFormed(text);
          assert.equal(cutText(text, measure(whole), measure), whole);
        }),
      );
    });

    test('keeps a beginning of whole graphemes and counts the characters of the rest', () => {
      fc.assert(
        fc.property(nastyText, fc.integer({ min: 12, max: 120 }), (text, limit) => {
          const whole = wellFormed(text);
          const cut = cutText(text, limit, measure);
          if (cut === whole) return;
          const [, kept = '', count] = /^(.*)… (\d+) more$/s.exec(cut) ?? assert.fail(cut);
          assert.ok(whole.startsWith(kept));
          assert.equal([...whole].length - [...kept].length, Number(count));
          assert.ok(kept.length === whole.length || startsOf(whole).has(kept.length), 'cut inside a grapheme');
        }),
      );
    });
  });
}

test('a grapheme longer than the limit is left out whole', () => {
  assert.equal(cutText(`ab${family}`, 12), 'ab… 7 more');
  assert.equal(cutText(`x${'\u0301'.repeat(1e6)}`, 20), '… 1000001 more');
});

test('a limit without room for the words gets a plain beginning', () => {
  assert.equal(cutText('abcdefghijklmnop', 3), 'abc');
  assert.equal(cutText('abcdefghijklmnop', 0), '');
  assert.equal(cutText('abcdefghijklmnop', -5), '');
});

test('a megabyte of joined emoji is cut where its short beginning would be', () => {
  const long = cutText(`a${family}é`.repeat(80_000), 40);
  assert.equal(long, `a${family}éa${family}éa… 719981 more`);
});

test('says how much is missing', () => {
  assert.equal(cutText('a'.repeat(100), 20), `${'a'.repeat(10)}… 90 more`);
});
