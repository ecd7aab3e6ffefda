import { hash32 } from '../../domain/hash32.js';

/**
 * The partition that records with this key go to: `hash32` of the key, modulo the number of partitions.
 *
 * Chosen here and not by the client library, so that one key stays in one partition whatever library writes it.
 */
export function partitionOfKey(key: string, partitionCount: number): number {
  return hash32(key) % partitionCount;
}
