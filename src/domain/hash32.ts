/**
 * FNV-1a, 32 bits, unsigned, over the UTF-8 of a text: decides which partition or worker a key belongs to.
 *
 * Public: other programs compute the same to find the place of a key. The empty text gives 2166136261.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
