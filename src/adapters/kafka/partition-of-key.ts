/**
 * The partition that records with this key go to: FNV-1a, 32 bits, over the key's UTF-8, modulo the number of partitions.
 *
 * Chosen here and not by the client library, so that one key stays in one partition whatever library writes it.
 */
export function partitionOfKey(key: string, partitionCount: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % partitionCount;
}
