import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { longFunctions } from '../../support/long-functions.js';
import { fileAt, filesBelow } from '../../support/source-tree.js';

const decisions = fileAt('DECISIONS.md')?.text ?? '';

/** A file that may be longer, or hold longer functions, is named in DECISIONS.md in this form. */
function isExcused(path: string): boolean {
  return decisions.includes(`size exception: \`${path}\``);
}

describe('sizes', () => {
  it('of files stay within 300 lines', () => {
    const long = ['src', 'test', 'deploy']
      .flatMap((folder) => filesBelow(folder, ['.ts', '.mjs']))
      .filter((file) => file.lines.length - 1 > 300 && !isExcused(file.path))
      .map((file) => `${file.path}: ${file.lines.length - 1} lines`);
    assert.deepEqual(long, []);
  });

  it('of functions stay within 50 lines', () => {
    const long = ['src', 'deploy']
      .flatMap((folder) => filesBelow(folder, ['.ts', '.mjs']))
      .filter((file) => !isExcused(file.path))
      .flatMap((file) => longFunctions(file.text, 50).map((one) => `${file.path}:${one.line}: ${one.lineCount} lines`));
    assert.deepEqual(long, []);
  });
});
