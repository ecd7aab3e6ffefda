/** Milliseconds of the machine's monotonic clock: the same in every process of one host, and no wall clock can move it. */
export function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** An alarm that Kafka has acknowledged. `serial` counts all alarms of a run; those of one `alarmId` are in one partition, in that order. */
export interface AckedAlarm {
  readonly serial: number;
  readonly alarmId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly atMs: number;
}

/** What reached a receiver, written down before it was answered. */
export interface ChaosReceipt {
  /** The identity that it carried. */
  readonly id: string;
  readonly serial: number;
  readonly alarmId: string;
  readonly methodId: string;
  readonly atMs: number;
  /** The process at the other end of the connection, and its main process; undefined when it was gone before one could look. */
  readonly pid: number | undefined;
  readonly engine: number | undefined;
}

/** A lock as somebody else saw it: who stood first in its line, from when to when. */
export interface Holding {
  /** The topic, or `topic/partition`. */
  readonly lock: string;
  /** Process id of the main process that made the node. */
  readonly engine: number;
  readonly fromMs: number;
  /** Undefined while it lasts. */
  toMs: number | undefined;
  /** It ended, or did not, in a time in which nobody looked. */
  isLostSight?: boolean;
}

/** A stored position as somebody else read it. */
export interface SeenCommit {
  readonly partition: number;
  readonly atMs: number;
  readonly nextToRead: bigint;
}

export const strikeKinds = [
  'kill process',
  'kill engine',
  'freeze process',
  'freeze main',
  'freeze engine',
  'terminate',
  'remove lock',
  'cut zookeeper',
  'silence zookeeper',
  'freeze zookeeper',
  'restart zookeeper',
  'cut kafka',
  'silence kafka',
  'freeze kafka',
  'restart kafka',
  'cut mysql',
  'silence mysql',
  'freeze mysql',
  'restart mysql',
  'hang receivers',
] as const;
export type StrikeKind = (typeof strikeKinds)[number];

/** A fault that was really applied, to what, and how long it lasted. */
export interface Strike {
  readonly kind: StrikeKind;
  readonly target: string;
  readonly atMs: number;
  untilMs: number;
  /** The process that was killed or frozen, where it was one. */
  readonly pid?: number;
  readonly stage?: string;
}

/** Everything that is known of a run, none of it told by the engine but the keys of its output records. */
export interface History {
  readonly topic: string;
  /** Every alarm concerns each of these. */
  readonly methodIds: readonly string[];
  readonly acked: readonly AckedAlarm[];
  readonly receipts: readonly ChaosReceipt[];
  /** Keys of the records on the dead-letter topic, and of those that say why nothing was sent any more. */
  readonly parkedIds: ReadonlySet<string>;
  /** Keys of the records on the retry topic: durable, sent later, and then after what came meanwhile. */
  readonly retriedIds: ReadonlySet<string>;
  /** Keys of the records on the notification topic. */
  readonly recordedIds: ReadonlySet<string>;
  readonly holdings: readonly Holding[];
  readonly commits: readonly SeenCommit[];
  readonly committed: ReadonlyMap<number, bigint>;
  readonly logEnds: ReadonlyMap<number, bigint>;
  readonly strikes: readonly Strike[];
}

/** A list by a key of its items, both in their order. */
export function grouped<Key, Item>(
  list: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of list) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
