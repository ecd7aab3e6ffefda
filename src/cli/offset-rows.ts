import { type Offset, partitionText } from '../domain/position.js';
import type { Commit } from '../ports/progress.js';
import type { HeldByKafka, LogRange } from './ask-kafka.js';

/** One row per partition: name, next to read, what Kafka holds from and to, lag. Partitions without a stored position come last. */
export function offsetRows(
  commits: readonly Commit[],
  damaged: readonly Pick<Commit, 'partition'>[],
  held: HeldByKafka,
): readonly (readonly string[])[] {
  const broken = damaged.map(({ partition }) => partitionText(partition));
  const stored = commits.map((commit): [string, Offset] => [partitionText(commit.partition), commit.stored.nextToRead]);
  const known = new Set([...stored.map(([name]) => name), ...broken]);
  const rows = stored.map(([name, committed]) => row(name, committed, held.get(name)));
  const others = [...held].filter(([name]) => !known.has(name));
  const damagedRows = broken.map((name) => [name, 'damaged', ...rangeText(held.get(name)), '?']);
  return [...rows, ...damagedRows, ...others.map(([name, range]) => row(name, undefined, range))];
}

function row(name: string, committed: Offset | undefined, range: LogRange | undefined): readonly string[] {
  const stored = committed === undefined ? 'none' : String(committed);
  const lag = range === undefined ? '?' : lagText(committed ?? range.start, range);
  return [name, stored, ...rangeText(range), lag];
}

function rangeText(range: LogRange | undefined): readonly [string, string] {
  return range === undefined ? ['?', '?'] : [String(range.start), String(range.end)];
}

/** A position that Kafka does not hold is what an operator looks for, so it stands where the number would. */
function lagText(committed: Offset, { start, end }: LogRange): string {
  if (committed > end) return 'beyond the end';
  return committed < start ? `${end - committed}, ${start - committed} of them gone` : String(end - committed);
}
