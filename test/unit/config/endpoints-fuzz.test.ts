import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { parseEndpoints } from '../../../src/config/endpoints-file.js';
import { fuzzRuns } from '../../support/fuzz-runs.js';

const key = fc.constantFrom('name', 'url', 'method', 'headers', 'body', 'nmae', '<<', '__proto__', 'constructor', '');
const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, 'http://h/', 'https://u:p@[::1]:1/', 'http://', 'POST', '{"a":1}', 'a\r\nb', '~', 'on'),
);
const entry = fc.dictionary(
  key,
  fc.oneof(
    scalar,
    fc.dictionary(fc.string({ maxLength: 5 }), scalar, { maxKeys: 3 }),
    fc.array(scalar, { maxLength: 2 }),
  ),
  { maxKeys: 5 },
);
const tree = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.oneof(entry, scalar), { maxLength: 4 }) },
  { weight: 1, arbitrary: entry },
);
const pieces = fc.constantFrom(
  ...'{}[]:,-?&*!|>\'"%@`#\n\t ~<'.split(''),
  ...[
    '- ',
    '\n- ',
    'name: a\n',
    '  url: http://h\n',
    'headers: {',
    'x: 1',
    '&a ',
    '*a',
    '<<: *a',
    '---\n',
    '!!str ',
    '\u0000',
    '\ud800',
  ],
);

/** Either endpoints that can be sent, or words on one line each. */
function accountedFor(source: string): void {
  const file = parseEndpoints(source);
  assert.notEqual(file.kind, 'unreadable');
  if (file.kind === 'unreadable') return;
  for (const text of file.warnings) assert.match(text, /^entry [0-9]+.+$/);
  if (file.kind === 'malformed') {
    assert.ok(file.problems.length > 0);
    for (const text of file.problems) assert.match(text, /^[^\n\r]+$/);
    return;
  }
  for (const { name, url, domain, method } of file.endpoints) {
    assert.equal(typeof name, 'string');
    assert.equal(new URL(url).hostname, domain);
    assert.match(method, /^[^\sa-z]+$/);
  }
}

test('any tree of YAML is endpoints or problems', () => {
  const texts = tree.map((value) => dump(value, { skipInvalid: true }));
  fc.assert(fc.property(texts, accountedFor), fuzzRuns(2_000));
});

test('any text is endpoints or problems', () => {
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      accountedFor,
    ),
    fuzzRuns(2_000),
  );
});
