import { codeOf } from './source-tree.js';

export interface LongFunction {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly lineCount: number;
}

const notFunctions = /^\s*(?:\}\s*)?(?:if|else|for|while|switch|catch|do|try|finally|class|interface|namespace)\b/;

/**
 * Functions, methods and arrows with a body of their own that take more than `limit` lines, from their head to their closing brace.
 *
 * Rests on the formatter: a head that does not fit on a line closes at the indentation where it began, and so does every body.
 */
export function longFunctions(text: string, limit: number): readonly LongFunction[] {
  const lines = codeOf(text).split('\n');
  return lines.flatMap((line, i) => {
    if (!isFunctionHead(line)) return [];
    const indent = indentOf(line);
    const start = /^\s*[)\]}]/.test(line) ? lines.findLastIndex((l, j) => j < i && isAt(l, indent)) : i;
    const end = lines.findIndex((l, j) => j > i && isAt(l, indent) && /^\s*\}/.test(l));
    if (notFunctions.test(lines[start] ?? '') || end < 0) return [];
    const lineCount = end - start + 1;
    return lineCount > limit ? [{ line: start + 1, lineCount }] : [];
  });
}

/** Ends in `) {`, `): Type {` or `=> {`. */
function isFunctionHead(line: string): boolean {
  return !notFunctions.test(line) && /(?:=>|\)(?:\s*:\s[^=;]+)?)\s*\{\s*$/.test(line);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function isAt(line: string, indent: number): boolean {
  return line.trim() !== '' && indentOf(line) === indent;
}
