import { partitionText, type TopicPartition } from '../domain/position.js';
import type { PartitionLine, Sharer } from '../ports/ownership.js';
import { fairShare } from './fair-share.js';

/** How this engine stands to one partition: in its line, holding its lock, or about to give it up. */
export type Standing = 'waiting' | 'held' | 'leaving';

/** What there is to do next, and whether what is ours at present is also what shall be. */
export interface NextMoves {
  /** Stand in line for these. */
  readonly claim: readonly TopicPartition[];
  /** Leave the line of these. */
  readonly withdraw: readonly TopicPartition[];
  /** Drain, commit and release these: somebody who is to have them waits. */
  readonly handOver: readonly TopicPartition[];
  readonly isSettled: boolean;
}

/**
 * What this engine has to do now so that every partition comes to whom it shall belong.
 *
 * A partition is handed over only when it is somebody else's by the plan *and* somebody stands in line for it: should two engines see things
 * differently for a while, it stays where it is and is worked on. Pure.
 */
export function nextMoves(
  instance: string,
  sharers: readonly Sharer[],
  lines: readonly PartitionLine[],
  standingOf: (partition: TopicPartition) => Standing | undefined,
): NextMoves {
  const claim: TopicPartition[] = [];
  const withdraw: TopicPartition[] = [];
  const handOver: TopicPartition[] = [];
  const plan = planOf(sharers, lines);
  let isSettled = true;
  for (const { partition, waitingCount } of lines) {
    const isOurs = plan.get(partitionText(partition)) === instance;
    const standing = standingOf(partition);
    isSettled &&= isOurs === (standing === 'held');
    if (isOurs && standing === undefined) claim.push(partition);
    if (!isOurs && standing === 'waiting') withdraw.push(partition);
    if (!isOurs && standing === 'held' && waitingCount > 0) handOver.push(partition);
  }
  return { claim, withdraw, handOver, isSettled };
}

/** Topic by topic, among those who read it. */
function planOf(sharers: readonly Sharer[], lines: readonly PartitionLine[]): ReadonlyMap<string, string> {
  const plan = new Map<string, string>();
  for (const topic of new Set(lines.map(({ partition }) => partition.topic))) {
    const ofTopic = lines.filter(({ partition }) => partition.topic === topic);
    const owners = new Map(ofTopic.map(({ partition, owner }) => [partition.partition, owner]));
    const members = sharers.filter(({ topics }) => topics.includes(topic)).map(({ instance }) => instance);
    const share = fairShare({
      topic,
      members,
      partitions: [...owners.keys()],
      ownerOf: (partition) => owners.get(partition),
    });
    for (const [partition, member] of share) plan.set(partitionText({ topic, partition }), member);
  }
  return plan;
}
