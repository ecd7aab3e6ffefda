/** Who shares one topic, what there is to share, and who has what at present. */
export interface ShareInput {
  readonly topic: string;
  /** Names of engines, in any order. */
  readonly members: readonly string[];
  readonly partitions: readonly number[];
  /** At present; of somebody who is no member it is as good as free. */
  ownerOf(partition: number): string | undefined;
}

/**
 * Who is to have which partition: each member as many as any other, give or take one. Empty without members.
 *
 * Moves as few partitions as can be, and says the same again while its own moves are under way, in whatever order they happen: engines that
 * look at different moments agree. Which members get one more is turned by the topic's name, so that they are not the same for every
 * topic. Pure.
 */
export function fairShare({ topic, members, partitions, ownerOf }: ShareInput): ReadonlyMap<number, string> {
  const parts: readonly Part[] = turned([...new Set(members)].sort(), topic).map((name) => ({ name, own: [] }));
  const free: number[] = [];
  for (const partition of [...new Set(partitions)].sort((a, b) => a - b)) {
    const owner = ownerOf(partition);
    const part = parts.find(({ name }) => name === owner);
    if (part === undefined) free.push(partition);
    else part.own.push(partition);
  }
  const quotaOf = quotas(parts, free.length + parts.reduce((sum, { own }) => sum + own.length, 0));
  for (const part of parts) free.push(...part.own.splice(quotaOf(part)));
  free.sort((a, b) => a - b);
  const share = new Map<number, string>();
  for (const part of parts) {
    part.own.push(...free.splice(0, quotaOf(part) - part.own.length));
    for (const partition of part.own) share.set(partition, part.name);
  }
  return share;
}

interface Part {
  readonly name: string;
  readonly own: number[];
}

/** One more than the others for those who have it already, so that it need not move; then for the first of the others. */
function quotas(parts: readonly Part[], partitionCount: number): (part: Part) => number {
  const least = Math.floor(partitionCount / parts.length);
  const hasMore = parts.filter(({ own }) => own.length > least);
  const inTurn = [...hasMore, ...parts.filter(({ own }) => own.length <= least)];
  const withMore = new Set(inTurn.slice(0, partitionCount % parts.length));
  return (part) => least + (withMore.has(part) ? 1 : 0);
}

function turned(names: readonly string[], topic: string): readonly string[] {
  let sum = 0;
  for (const byte of Buffer.from(topic)) sum += byte;
  const cut = sum % Math.max(1, names.length);
  return [...names.slice(cut), ...names.slice(0, cut)];
}
