import { type AlarmPosition, type Offset, parseOffset, partitionText } from '../domain/position.js';
import type { StoredOffset } from '../ports/progress.js';
import { setBits } from '../tracker/finished-set.js';
import type { HeldByKafka } from './ask-kafka.js';
import { UsageError } from './command.js';

const largestPartition = 2 ** 31 - 1;

/** Reads words of the form `TOPIC/PARTITION=OFFSET`. @throws UsageError, naming the word. */
export function parseAssignments(words: readonly string[]): readonly AlarmPosition[] {
  const assignments = words.map(parseAssignment);
  const names = assignments.map(partitionText);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`${twice} is set twice`);
  return assignments;
}

function parseAssignment(word: string): AlarmPosition {
  const [, topic, partition, offset] = /^([\w.-]{1,249})\/([0-9]{1,10})=(.*)$/.exec(word) ?? [];
  if (topic === undefined || offset === undefined || Number(partition) > largestPartition) {
    throw new UsageError(`expected TOPIC/PARTITION=OFFSET, such as alarm-state-transitions/0=812, got ${quoted(word)}`);
  }
  try {
    return { topic, partition: Number(partition), offset: parseOffset(offset) };
  } catch {
    throw new UsageError(`${quoted(word)}: expected an offset from 0 to 2^63 - 1 in decimal, got ${quoted(offset)}`);
  }
}

const quoted = (text: string): string => JSON.stringify(text);

/** Why each of these positions cannot be read from, in words; empty when Kafka holds them all. The end itself is a position. */
export function unheld(assignments: readonly AlarmPosition[], held: HeldByKafka): readonly string[] {
  return assignments.flatMap((at) => {
    const range = held.get(partitionText(at));
    if (range === undefined) return [`Kafka has no partition ${partitionText(at)}`];
    if (at.offset >= range.start && at.offset <= range.end) return [];
    return [`${partitionText(at)} can be set to ${range.start} up to ${range.end}, not to ${at.offset}`];
  });
}

/** What was stored before: a position, nothing, or something that cannot be read. */
export type StoredBefore = StoredOffset | 'none' | 'damaged';

/** One change as `topic/partition: before -> after`, and what comes of it. */
export function changeText(at: AlarmPosition, before: StoredBefore): string {
  const change = `${partitionText(at)}: ${offsetOf(before)} -> ${at.offset}`;
  const { againCount, finishedAgainCount, leftOutCount } = consequences(at, before);
  const parts: string[] = [];
  if (leftOutCount > 0n) parts.push(`${messages(leftOutCount)} will never be read`);
  if (againCount > 0n) parts.push(`${messages(againCount)} will be read, and told, again`);
  if (finishedAgainCount > 0) parts.push(`${finishedAgainCount} beyond, finished already, will be told again`);
  return parts.length === 0 ? change : `${change} (${parts.join('; ')})`;
}

/** The same change for scripts, offsets as text. */
export function changeDocument(at: AlarmPosition, before: StoredBefore): object {
  const { topic, partition, offset } = at;
  const { finishedAgainCount: finished_again } = consequences(at, before);
  return { topic, partition, before: String(offsetOf(before)), after: String(offset), finished_again };
}

/** What is set is a plain position: what was finished beyond the old one is forgotten. */
function consequences({ offset }: AlarmPosition, before: StoredBefore) {
  if (typeof before === 'string') return { againCount: 0n, finishedAgainCount: 0, leftOutCount: 0n };
  const { nextToRead, finishedAbove } = before;
  const ahead = offset - nextToRead;
  const finished = [...setBits(finishedAbove)];
  const finishedAgainCount = finished.filter((distance) => BigInt(distance) >= ahead).length;
  const passedCount = BigInt(finished.length - finishedAgainCount);
  return {
    againCount: ahead < 0n ? -ahead : 0n,
    finishedAgainCount,
    leftOutCount: ahead > 0n ? ahead - passedCount : 0n,
  };
}

function offsetOf(before: StoredBefore): Offset | 'none' | 'damaged' {
  return typeof before === 'string' ? before : before.nextToRead;
}

function messages(count: bigint): string {
  return `${count} ${count === 1n ? 'message' : 'messages'}`;
}
