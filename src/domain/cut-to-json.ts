/**
 * As much of the beginning of a text as takes at most `mostBytes` as a JSON string, quotes included.
 *
 * A character may take six bytes there, and characters alone would be no bound.
 */
export function cutToJson(text: string, mostBytes: number): string {
  const fits = (length: number) => Buffer.byteLength(JSON.stringify(beginningOf(text, length))) <= mostBytes;
  if (text.length <= mostBytes && fits(text.length)) return text;
  let [most, tooMany] = [0, Math.min(text.length, mostBytes) + 1];
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return beginningOf(text, most);
}

/** Half a pair is no character, and takes more bytes than the whole. */
function beginningOf(text: string, length: number): string {
  const isHalf = length < text.length && /[\ud800-\udbff]/.test(text.charAt(length - 1));
  return text.slice(0, isHalf ? length - 1 : length);
}
