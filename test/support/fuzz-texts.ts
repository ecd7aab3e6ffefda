const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\ud800',
  'null',
  'true',
  '-',
  '1e999',
  '0',
  '9007199254740993',
  '\n',
  'ü',
  ' ',
];

/** Texts made of a good one by one to four changes each; the same `random` gives the same texts. */
export function* fuzzTexts(good: string, count: number, random: number): Generator<string> {
  let state = random;
  const chance = (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return Math.floor((below * ((mixed ^ (mixed >>> 14)) >>> 0)) / 2 ** 32);
  };
  for (let index = 0; index < count; index += 1) {
    let text = good;
    for (let change = 1 + chance(4); change > 0; change -= 1) text = changed(text, chance);
    yield text;
  }
}

function changed(text: string, chance: (below: number) => number): string {
  const at = chance(text.length + 1);
  const length = chance(8);
  switch (chance(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + (pieces[chance(pieces.length)] ?? '') + text.slice(at);
    case 2:
      return text.slice(0, at) + (pieces[chance(pieces.length)] ?? '') + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
    case 4:
      // A number in the place of a number: most texts stay JSON.
      return text.replace(/[0-9.]+/g, (number) => (chance(3) === 0 ? String(chance(1_000) - 500) : number));
    default:
      return text.slice(0, at) + String.fromCharCode(chance(0x300)) + text.slice(at + 1);
  }
}
