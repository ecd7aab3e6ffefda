import type { Offset, TopicPartition } from '../domain/position.js';
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
  /** Who owns what among all engines of the group, ten seconds old at most; empty with `zookeeper.lock: topic`, and while ZooKeeper is away. */
  readonly owners: readonly OwnerStatus[];
  readonly queues: readonly { readonly name: string; readonly length: number; readonly capacity: number }[];
  readonly workers: readonly WorkerStatus[];
  readonly retries_waiting: number;
  readonly repeats_waiting: number;
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

/**
 * How far one partition is; `highWater` is what the reading worker was told last.
 *
 * What was read is in Kafka, whoever told first: the end is never shown before it.
 */
export function partitionStatus(
  { topic, partition }: TopicPartition,
  { read, committed }: { readonly read: Offset; readonly committed: Offset },
  highWater: string | undefined,
): PartitionStatus {
  const ends = highWater === undefined ? {} : { high_water: BigInt(highWater) > read ? highWater : read.toString() };
  const window = Number(read - committed);
  return { topic, partition, read: read.toString(), committed: committed.toString(), window, ...ends };
}

export interface OwnerStatus {
  readonly topic: string;
  readonly partition: number;
  /** Absent while nobody owns the partition. */
  readonly instance?: string;
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

/** One line per engine, in the order of their names, what nobody owns last: `topic 0-3 5, other 1`. */
export function sharesOf(
  owners: readonly OwnerStatus[],
): readonly { readonly owner: string; readonly count: number; readonly partitions: string }[] {
  const names = [...new Set(owners.flatMap(({ instance }) => instance ?? []))].sort();
  const isOrphaned = owners.some(({ instance }) => instance === undefined);
  return [...names, ...(isOrphaned ? [undefined] : [])].map((name) => {
    const own = owners.filter(({ instance }) => instance === name);
    const topics = [...new Set(own.map(({ topic }) => topic))];
    const texts = topics.map((topic) => {
      const numbers = own.filter((one) => one.topic === topic).map(({ partition }) => partition);
      return `${topic} ${ranges(numbers)}`;
    });
    return { owner: name ?? 'nobody', count: own.length, partitions: texts.join(', ') };
  });
}

function ranges(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(' ');
}
