/** What one pass over JSON text tells before anything is built from it. */
export interface JsonShape {
  /** How deep lists and objects are nested; 0 for a bare value. */
  readonly depth: number;
  /** Values of every kind, at least; what a parser would have to build. */
  readonly valueCount: number;
  /** The text of the wanted member of the outermost object; undefined when its name is not there in plain letters. */
  readonly member: string | undefined;
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * Measures JSON text and cuts one member of the outermost object out of it, letter by letter as it was written.
 *
 * Parsing and writing again would change numbers beyond 2^53, `1.0` and the like. Runs on any text, valid or not, in one pass and without
 * recursion; the result means something only when a parser accepts the text. Of a repeated name the last counts, as in JSON.parse; a name
 * written with escapes could hide a repetition, so then `member` is undefined.
 */
export function scanJson(text: string, name: string): JsonShape {
  const wanted = `"${name}"`;
  let [depth, deepest, valueCount] = [0, 0, 1];
  let [stringStart, stringEnd, memberStart] = [0, 0, -1];
  let member: string | undefined;
  let hasEscapedName = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      stringStart = at;
      at = endOfString(text, at);
      stringEnd = at + 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      valueCount += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x2c || code === 0x7d || code === 0x5d) {
      if (code === 0x2c) valueCount += 1;
      if (depth === 1 && memberStart >= 0) {
        member = text.slice(memberStart, at).trim();
        memberStart = -1;
      }
      if (code !== 0x2c) depth -= 1;
    } else if (code === 0x3a && depth === 1) {
      const found = text.slice(stringStart, stringEnd);
      if (found.includes('\\')) hasEscapedName = true;
      if (found === wanted) memberStart = at + 1;
    }
  }
  return { depth: deepest, valueCount, member: hasEscapedName ? undefined : member };
}

/** The index of the closing quotation mark, or of the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return at;
}
