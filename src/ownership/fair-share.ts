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
  const names = turned([...new Set(members)].sort(), topic);
  const share = new Map<number, string>();
  const owned = new Map<string, number[]>(names.map((name) => [name, []]));
  const free: number[] = [];
  for (const partition of [...new Set(partitions)].sort((a, b) => a - b)) {
    (owned.get(ownerOf(partition) ?? '') ?? free).push(partition);
  }
  const partitionCount = free.length + [...owned.values()].reduce((sum, own) => sum + own.length, 0);
  const quotas = quotasOf(names, partitionCount, (name) => owned.get(name)?.length ?? 0);
  for (const [name, own] of owned) {
    for (const partition of own.splice(0, quotas.get(name))) share.set(partition, name);
    free.push(...own);
  }
  free.sort((a, b) => a - b);
  for (const name of names) {
    const kept = [...share.values()].filter((owner) => owner === name).length;
    for (const partition of free.splice(0, (quotas.get(name) ?? 0) - kept)) share.set(partition, name);
  }
  return share;
}

/** One more than the others for those who have it already, so that it need not move; then for the first of the others. */
function quotasOf(
  names: readonly string[],
  partitionCount: number,
  ownedCount: (name: string) => number,
): ReadonlyMap<string, number> {
  const least = Math.floor(partitionCount / names.length);
  const hasMore = names.filter((name) => ownedCount(name) > least);
  const inTurn = [...hasMore, ...names.filter((name) => ownedCount(name) <= least)];
  const withMore = inTurn.slice(0, partitionCount % names.length);
  return new Map(names.map((name) => [name, least + (withMore.includes(name) ? 1 : 0)]));
}

function turned(names: readonly string[], topic: string): readonly string[] {
  let sum = 0;
  for (const letter of topic) sum += letter.codePointAt(0) ?? 0;
  const cut = names.length === 0 ? 0 : sum % names.length;
  return [...names.slice(cut), ...names.slice(0, cut)];
}
