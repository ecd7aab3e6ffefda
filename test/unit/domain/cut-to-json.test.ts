import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutToJson } from '../../../src/domain/cut-to-json.js';

test('a text is cut to so many bytes of JSON, and no further', () => {
  assert.equal(cutToJson('abc', 5), 'abc');
  assert.equal(cutToJson('abc', 4), 'ab');
  assert.equal(cutToJson('\u0001\u0001\u0001', 15), '\u0001\u0001');
  assert.equal(cutToJson('\n\n\n', 7), '\n\n');
  assert.equal(cutToJson('ééé', 7), 'éé');
  const isLonger = (text: string, mostBytes: number) => Buffer.byteLength(JSON.stringify(text)) > mostBytes;
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 60 }), (text, mostBytes) => {
      const cut = cutToJson(text, mostBytes);
      assert.ok(text.startsWith(cut));
      assert.ok(!isLonger(cut, mostBytes));
      const [next] = text.slice(cut.length);
      assert.ok(next === undefined || isLonger(cut + next, mostBytes));
    }),
  );
});

test('no half of a pair is left at the end', () => {
  assert.equal(cutToJson('ab\u{1f600}', 8), 'ab\u{1f600}');
  for (const mostBytes of [4, 5, 6, 7]) assert.equal(cutToJson('ab\u{1f600}', mostBytes), 'ab');
});
