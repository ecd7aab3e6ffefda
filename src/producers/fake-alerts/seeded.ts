/**
 * A number in [0, 1) that belongs to these parts and to no others: the same again and again, whatever was asked in between.
 *
 * FNV-1a over the parts, then a mixing step. For tests and demonstrations; nothing secret may rest on it.
 */
export function seeded(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(parts.join('\u0000'))) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
