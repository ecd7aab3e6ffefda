import type { Role } from './readiness.js';

/** What `/status.json` answers: public, so a key may be added and none renamed. Offsets are decimal text. */
export interface StatusDocument {
  readonly version: string;
  readonly instance: string;
  readonly pid: number;
  readonly role: Role;
  /** 0 without a lock. */
  readonly lease_remaining_ms: number;
  readonly partitions: readonly PartitionStatus[];
  readonly queues: readonly { readonly name: string; readonly length: number; readonly capacity: number }[];
  readonly workers: readonly WorkerStatus[];
  readonly retries_waiting: number;
  /** Destinations that keep failing, and how many workers leave them alone at present. */
  readonly breakers: readonly BreakerStatus[];
  /** Notifications by outcome, since the start of this engine. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Why the engine is not ready; empty when it is. */
  readonly reasons: readonly string[];
}

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to read, and the committed one. */
  readonly read: string;
  readonly committed: string;
  /** `read` minus `committed`. */
  readonly window: number;
  /** The offset after the newest one in Kafka; absent until Kafka told. */
  readonly high_water?: string;
}

export interface BreakerStatus {
  readonly destination: string;
  readonly workers: number;
}

export interface WorkerStatus {
  readonly stage: string;
  readonly pid: number;
  readonly state: string;
  readonly replacements: number;
  readonly in_flight: number;
}

/** What is in Kafka and not committed yet; undefined while the end of the partition is not known. */
export function lagOf({ committed, high_water }: PartitionStatus): bigint | undefined {
  if (high_water === undefined) return undefined;
  const lag = BigInt(high_water) - BigInt(committed);
  return lag > 0n ? lag : 0n;
}
