/** How much room a text takes at its receiver. Counts at least 1 per UTF-16 unit, and whole texts as the sum of their graphemes. */
export type TextMeasure = (text: string) => number;

/** UTF-16 units: never less than what receivers call characters. */
export const utf16Units: TextMeasure = (text) => text.length;

/** Bytes as UTF-8. */
export const utf8Bytes: TextMeasure = (text) => Buffer.byteLength(text);

/** Bytes inside a JSON string, escapes included, quotes not. */
export const jsonBytes: TextMeasure = (text) => Buffer.byteLength(JSON.stringify(text)) - 2;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Half of a character pair is no character: encoders would throw on it, or damage what stands beside it. */
export function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, '\ufffd');
}

/** Code points of a well-formed text, without an array of them. */
function characterCount(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count += 1;
  return count;
}

/** The longest beginning within `limit` that ends between two graphemes. */
function beginning(text: string, limit: number, measure: TextMeasure): string {
  let taken = 0;
  let room = limit;
  // Each step over a long text costs time by its whole length. Whether a grapheme ends somewhere depends on what stands before and on the
  // next code point only, so a shorter text has the same ends but its last, and that one lies beyond the limit.
  const head = text.slice(0, Math.max(limit, 0) + 2).replace(/[\ud800-\udbff]$/, '');
  for (const { segment } of graphemes.segment(head)) {
    room -= measure(segment);
    if (room < 0) break;
    taken += segment.length;
  }
  return text.slice(0, taken);
}

/**
 * `text` within `limit`, cut between graphemes and ended with "… n more", n being the characters left out.
 *
 * What fits comes back as it is; lone surrogates become U+FFFD. A limit without room for those words gets a plain beginning.
 */
export function cutText(text: string, limit: number, measure: TextMeasure = utf16Units): string {
  const whole = wellFormed(text);
  // More units than the limit cannot fit, and measuring a long text costs a copy of it.
  if (whole.length <= limit && measure(whole) <= limit) return whole;
  const all = characterCount(whole);
  const room = limit - measure(`… ${all} more`);
  if (room < 0) return beginning(whole, limit, measure);
  const kept = beginning(whole, room, measure);
  return `${kept}… ${all - characterCount(kept)} more`;
}
