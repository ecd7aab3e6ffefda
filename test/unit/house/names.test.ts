import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, it } from 'node:test';
import { codeOf, filesBelow, placesOf } from '../../support/source-tree.js';

const sources = filesBelow('src', ['.ts']);
const all = [...sources, ...filesBelow('test', ['.ts']), ...filesBelow('deploy', ['.ts', '.mjs'])];
const emptyWords = /(?:^|-)(?:utils?|helpers?|common|misc|index|impl|manager)(?:-|$)|^types$/;

describe('names', () => {
  it('of files and folders are kebab-case', () => {
    const wrong = all.filter((file) => !/^[a-z0-9/.-]+$/.test(file.path));
    assert.deepEqual(
      wrong.map((file) => file.path),
      [],
    );
  });

  it('of files and folders say what is inside', () => {
    const wrong = all.filter((file) =>
      file.path.split('/').some((part) => emptyWords.test(posix.basename(part).replace(/\..*$/, ''))),
    );
    assert.deepEqual(
      wrong.map((file) => file.path),
      [],
    );
  });

  const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
    ['default exports', /\bexport\s+default\b/g],
    ['enums', /^\s*(?:export\s+)?(?:const\s+)?enum\s/gm],
    ['namespaces', /^\s*(?:export\s+)?(?:declare\s+)?namespace\s/gm],
    ['barrels', /^export\s+\*/gm],
    ['interfaces with a prefix', /\binterface I[A-Z][a-z]/g],
    ['any', /[:<(]\s*any\b|\bas any\b/g],
    ['limits without a unit', /\breadonly (?:timeout|size|delay|interval|deadline)\??:\s*number/g],
  ];
  for (const [what, pattern] of forbidden) {
    it(`are not ${what}`, () => {
      assert.deepEqual(
        sources.flatMap((file) => placesOf(file, codeOf(file.text), pattern)),
        [],
      );
    });
  }
});

describe('what a file exports', () => {
  it('is used by another', () => {
    const files = [...filesBelow('src', ['.ts']), ...filesBelow('test', ['.ts']), ...filesBelow('deploy', ['.mjs'])];
    const wordsOf = new Map(files.map((file) => [file.path, new Set(file.text.match(/\w+/g))]));
    const found = filesBelow('src', ['.ts']).flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:async )?(?:const|function\*?|class|abstract class) (\w+)/gm)]
        .filter(([, name = '']) => !files.some((other) => other.path !== path && wordsOf.get(other.path)?.has(name)))
        .map(([, name]) => `${path}: ${name}`),
    );
    assert.deepEqual(found, []);
  });
});
