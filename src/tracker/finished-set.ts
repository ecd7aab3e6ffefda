/** Most offsets above the committed one that a set can speak of: the span of the alarm topic, and of topics of what waits. */
export const spanLimits = { alarms: 20_000, waiting: 500_000 } as const;

const bitsetPrefix = 'mn1:b';
const holesPrefix = 'mn1:h';
const maxBytes = spanLimits.waiting / 8;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Packs finished offsets into bits, lowest first: bit i stands for `from + i`. No longer than its highest bit needs.
 *
 * What lies at `from + capacityBits` or beyond is left out: after a take-over it is done again, which is allowed.
 */
export function finishedBits(finished: Iterable<number>, from: number, capacityBits: number): Uint8Array {
  const inSpan: number[] = [];
  let highest = -1;
  for (const at of finished) {
    const bit = at - from;
    if (bit < 0 || bit >= capacityBits) continue;
    inSpan.push(bit);
    if (bit > highest) highest = bit;
  }
  const bits = new Uint8Array(Math.floor(highest / 8) + 1);
  for (const bit of inSpan) {
    const byte = bit >> 3;
    bits[byte] = byteAt(bits, byte) | (1 << (bit & 7));
  }
  return bits;
}

/** The numbers of the bits that are set, rising. */
export function* setBits(bits: Uint8Array): Generator<number> {
  for (const [index, byte] of bits.entries()) {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) yield index * 8 + bit;
  }
}

/**
 * Writes the set as text for a znode: the empty text for the empty set, else a prefix with version and kind, then base64.
 *
 * `mn1:b` is the bitset itself; `mn1:h` is the number of bits and then the holes, each as the distance from the one before, as varints.
 * Few holes are the usual case (one slow receiver), and then the second is the shorter one; the shorter one is taken.
 */
export function encodeFinishedSet(bits: Uint8Array): string {
  const trimmed = withoutTrailingZeros(bits);
  if (trimmed.length === 0) return '';
  const holes = holeList(trimmed);
  return holes === undefined
    ? bitsetPrefix + Buffer.from(trimmed).toString('base64')
    : holesPrefix + Buffer.from(holes).toString('base64');
}

/**
 * Reads what `encodeFinishedSet` wrote.
 *
 * @throws RangeError for anything else: a set that is not understood may have been written by a newer version, and must not be overwritten.
 */
export function decodeFinishedSet(text: string): Uint8Array {
  if (text === '') return new Uint8Array();
  const prefix = text.slice(0, bitsetPrefix.length);
  const body = text.slice(bitsetPrefix.length);
  if (!base64.test(body)) throw new RangeError('expected mn1:b or mn1:h and base64');
  const bytes = Buffer.from(body, 'base64');
  if (prefix === holesPrefix) return fromHoles(bytes);
  if (prefix !== bitsetPrefix) throw new RangeError('expected mn1:b or mn1:h in front of the finished set');
  if (bytes.length === 0 || bytes.length > maxBytes) throw new RangeError(`expected 1 to ${spanLimits.waiting} bits`);
  return new Uint8Array(bytes);
}

/** The index is inside by its reckoning; the compiler cannot know. */
function byteAt(bits: Uint8Array, index: number): number {
  return Number(bits[index]);
}

function withoutTrailingZeros(bits: Uint8Array): Uint8Array {
  let length = bits.length;
  while (length > 0 && byteAt(bits, length - 1) === 0) length--;
  return bits.subarray(0, length);
}

/** Undefined as soon as the list is not shorter than the bits themselves. */
function holeList(bits: Uint8Array): number[] | undefined {
  const bitCount = bits.length * 8 - (Math.clz32(byteAt(bits, bits.length - 1)) - 24);
  const out: number[] = [];
  pushVarint(out, bitCount);
  let next = 0;
  for (let bit = 0; bit < bitCount; bit++) {
    if ((byteAt(bits, bit >> 3) >> (bit & 7)) & 1) continue;
    pushVarint(out, bit - next);
    next = bit + 1;
    if (out.length >= bits.length) return undefined;
  }
  return out.length < bits.length ? out : undefined;
}

function fromHoles(bytes: Uint8Array): Uint8Array {
  const [bitCount = 0, ...distances] = readVarints(bytes);
  if (bitCount === 0 || bitCount > spanLimits.waiting) throw new RangeError(`expected 1 to ${spanLimits.waiting} bits`);
  const bits = new Uint8Array(Math.ceil(bitCount / 8)).fill(0xff);
  bits[bits.length - 1] = 0xff >> (bits.length * 8 - bitCount);
  let next = 0;
  for (const distance of distances) {
    const hole = next + distance;
    if (hole >= bitCount) throw new RangeError('expected every hole inside the set');
    const byte = hole >> 3;
    bits[byte] = byteAt(bits, byte) & ~(1 << (hole & 7));
    next = hole + 1;
  }
  return bits;
}

function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  out.push(rest);
}

/** At most three bytes each: no number above 500,000 has a place here. */
function readVarints(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    if (shift > 14) throw new RangeError('expected numbers of at most three bytes');
    value |= (byte & 127) << shift;
    shift += 7;
    if (byte & 128) continue;
    numbers.push(value);
    value = 0;
    shift = 0;
  }
  if (shift > 0) throw new RangeError('expected a whole number at the end');
  return numbers;
}
