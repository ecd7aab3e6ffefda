import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSevenBit, mailLines, subjectField } from '../../../../src/notifiers/email/mail-fields.js';

describe('the fields of a mail', () => {
  test('a subject is written as it is only where no program could read something else', () => {
    for (const subject of ['ALARM: cpu', 'ALARM LOW "cpu" for Host: a']) {
      assert.deepEqual(subjectField(subject), {
        headers: { Subject: { prepared: true, foldLines: true, value: subject } },
      });
    }
    for (const subject of [
      'cpu \u00e9',
      '=?utf-8?q?=0ABcc:_a?=',
      'two  blanks',
      ' first',
      'last ',
      'a\tb',
      'a\r\nb',
      '',
    ]) {
      assert.deepEqual(subjectField(subject), { subject });
    }
  });

  test('lines end in one way, whatever a text used', () => {
    assert.equal(mailLines('a\nb\r\nc\rd\u2028e\r\r\nf'), 'a\r\nb\r\nc\r\nd\r\ne\r\n\r\nf');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\r', '\n', '.', 'x', '\u0085') }), (text) => {
        assert.doesNotMatch(mailLines(text), /(?<!\r)\n|\r(?!\n)/);
      }),
    );
  });

  test('text goes out as it is when it is printable ASCII in lines that servers pass on', () => {
    assert.equal(isSevenBit(`${'x'.repeat(998)}\r\n\tand more`), true);
    for (const text of ['x'.repeat(999), 'caf\u00e9', 'a\0b', 'a\u001bb', 'a\u007f'])
      assert.equal(isSevenBit(text), false);
  });
});
