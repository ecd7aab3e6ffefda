import { type AlarmPosition, type Offset, parseOffset, partitionText } from '../domain/position.js';
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

/** What was stored before: an offset, nothing, or something that cannot be read. */
export type StoredBefore = Offset | 'none' | 'damaged';

/** One change as `topic/partition: before -> after`, and what comes of it. */
export function changeText(at: AlarmPosition, before: StoredBefore): string {
  const change = `${partitionText(at)}: ${before} -> ${at.offset}`;
  if (typeof before === 'string' || before === at.offset) return change;
  const distance = before > at.offset ? before - at.offset : at.offset - before;
  const what = before > at.offset ? 'will be read, and told, again' : 'will never be read';
  return `${change} (${distance} ${distance === 1n ? 'message' : 'messages'} ${what})`;
}

/** The same change for scripts, offsets as text. */
export function changeDocument({ topic, partition, offset }: AlarmPosition, before: StoredBefore): object {
  return { topic, partition, before: String(before), after: String(offset) };
}
