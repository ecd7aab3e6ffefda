import type { TopicPartition } from '../domain/position.js';

/** The labels of a metric that there is for each partition. */
export function partitionLabels({ topic, partition }: TopicPartition): { topic: string; partition: string } {
  return { topic, partition: String(partition) };
}
