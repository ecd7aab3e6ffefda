import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { longFunctions } from '../../support/long-functions.js';
import { codeOf } from '../../support/source-tree.js';

describe('the scan of code', () => {
  const cases: readonly (readonly [what: string, text: string, code: string])[] = [
    ['comments', 'a; // b\n/* c\n */ d', 'a;     \n    \n    d'],
    ['strings', "f('a\\'b', \"c\")", 'f(      ,    )'],
    ['what only looks like a comment', "f('//a'); g", 'f(     ); g'],
    ['regular expressions', 'x = /[/"]\\//g; y', `x = ${' '.repeat(8)}g; y`],
    ['divisions', 'a / b / c', 'a / b / c'],
  ];
  for (const [what, text, code] of cases) {
    it(`understands ${what}`, () => assert.equal(codeOf(text), code));
  }

  it('understands code inside templates', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code to be scanned
    const code = codeOf('`a${f({ b: `c${d}` })}e` + g');
    assert.equal(code.replace(/\s+/g, ' ').trim(), 'f({ b: d }) + g');
  });

  it('keeps strings when asked to', () => {
    assert.equal(codeOf("import 'a'; // b", { keepStrings: true }), "import 'a';     ");
  });
});

describe('the measure of functions', () => {
  const body = (lines: number, indent: string) => `${indent}  work();\n`.repeat(lines);
  const shapes: readonly (readonly [name: string, head: string, foot: string, indent: string])[] = [
    ['f', 'export async function f(a: { b: number }): Promise<void> {', '}', ''],
    ['g', 'function g(\n  a: string,\n): void {', '}', ''],
    ['h', 'const h = async (a: string) => {', '};', ''],
    ['method', 'class A {\n  static async method<T>(a: T): Promise<T> {', '  }\n}', '  '],
    ['#hidden', 'class A {\n  #hidden(): void {', '  }\n}', '  '],
    ['callback', 'x.on("a", function callback() {', '});', ''],
  ];
  for (const [name, head, foot, indent] of shapes) {
    it(`sees ${name}`, () => {
      assert.deepEqual(longFunctions(`${head}\n${body(49, indent)}${foot}\n`, 50).length, 1);
      assert.deepEqual(longFunctions(`${head}\n${body(40, indent)}${foot}\n`, 50), []);
    });
  }

  it('takes neither conditions nor classes nor objects for functions', () => {
    for (const head of ['if (a) {', 'for (const a of b) {', 'class A {', 'const a = {', 'switch (a) {', '} else {']) {
      assert.deepEqual(longFunctions(`${head}\n${body(80, '')}}\n`, 50), [], head);
    }
  });
});
