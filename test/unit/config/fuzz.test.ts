import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { Findings, problemText } from '../../../src/config/problem.js';
import { schema } from '../../../src/config/schema.js';
import { readYaml } from '../../../src/config/yaml-document.js';
import { load } from '../../support/config-file.js';

const segments = [...new Set(Object.keys(schema).flatMap((key) => key.split('.')))];
const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...segments, 'email', 'webhook', 'server', 'logging', 'root', 'digest') },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '<<', 'a.b', '') },
);
const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(`\${`, `\${X}`, `\${X:-1}`, '30s', 'host:1', '[::1]:2', 'true', '/x', '1'),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
  ),
}));
const root = fc.dictionary(key, tree, { maxKeys: 8 });
const form = /^n\.yaml:[1-9][0-9]*:[1-9][0-9]* \S.*: .+$/;

test('answers any YAML tree with problems in the one form, and never throws', (t) => {
  fc.assert(
    fc.property(root, (value) => {
      const { loaded, problems, warnings } = load(t, dump(value));
      assert.ok(loaded.kind === 'valid' || problems.length > 0);
      for (const text of [...problems, ...warnings]) assert.match(text, form);
    }),
    { numRuns: 300 },
  );
});

test('answers any text with problems or a document, and never throws (C1)', () => {
  const pieces = fc.constantFrom(
    ...'{}[]:,-?&*!|>\'"%@`#\n\t ~<'.split(''),
    'a',
    'a: ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '---\n',
    '!!str ',
    '\u0000',
    '\ud800',
    '\ufeff',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const findings = new Findings('n.yaml');
      const document = readYaml(parts.join(''), findings);
      assert.ok(document !== undefined || findings.problems.length > 0);
      for (const problem of findings.problems) assert.match(problemText(problem), form);
    }),
    { numRuns: 3000 },
  );
});
