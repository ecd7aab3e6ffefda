/** A Kafka offset: 64 bits, hence bigint; decimal text at rest, in JSON and in logs. A *stored* offset is always the next to read. */
export type Offset = bigint;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where an item was read. Carried until its alarm is finished. */
export interface AlarmPosition extends TopicPartition {
  readonly offset: Offset;
}

export interface Positioned {
  readonly position: AlarmPosition;
}

export type NonEmpty<T> = readonly [T, ...T[]];

/** `topic/partition`, the text by which people and scripts name a partition. */
export function partitionText(at: TopicPartition): string {
  return `${at.topic}/${at.partition}`;
}

/** `topic/partition@offset`, as in log lines and readiness details. */
export function positionText(at: AlarmPosition): string {
  return `${at.topic}/${at.partition}@${at.offset}`;
}

/**
 * Reads an offset from decimal text.
 *
 * @throws RangeError for anything but a plain decimal number between 0 and 2^63 − 1: a guess would lose alarms or repeat them.
 */
export function parseOffset(text: string): Offset {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text)) throw new RangeError('expected an offset in decimal');
  const offset = BigInt(text);
  if (offset > 0x7fff_ffff_ffff_ffffn) throw new RangeError('expected an offset below 2^63');
  return offset;
}

/** True when the list has at least one element; narrows its type. */
export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0;
}

/** `topic/partition/offset`: the key of a message that was parked unread. */
export function placeText({ topic, partition, offset }: AlarmPosition): string {
  return `${topic}/${partition}/${offset}`;
}

/** Reads what `placeText` writes; undefined for anything else. */
export function parsePlace(text: string): AlarmPosition | undefined {
  const [, topic, partition, offset = ''] = /^([^/]+)\/([0-9]{1,9})\/([0-9]+)$/.exec(text) ?? [];
  if (topic === undefined) return undefined;
  try {
    return { topic, partition: Number(partition), offset: parseOffset(offset) };
  } catch {
    return undefined;
  }
}
