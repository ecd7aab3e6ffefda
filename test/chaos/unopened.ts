import { notificationId } from '../../src/domain/notification.js';

interface Letter {
  readonly reason?: string;
  readonly source_topic?: string;
  readonly source_partition?: number;
  readonly source_offset?: string;
}

/**
 * Ids of the notifications of alarms that were parked unopened, from the text of dead letters: whoever parks them knows positions only. Kills at
 * random convict an innocent alarm now and then: it has to be in the hands of two that are killed, in the second one's alone.
 */
export function unopenedIds(letters: readonly string[], methodIds: readonly string[]): readonly string[] {
  return letters.flatMap((text) => {
    const {
      reason,
      source_topic: topic,
      source_partition: partition,
      source_offset: offset,
    } = JSON.parse(text) as Letter;
    if (reason !== 'killed_workers' || topic === undefined || partition === undefined || offset === undefined)
      return [];
    return methodIds.map((methodId) => notificationId({ topic, partition, offset: BigInt(offset) }, methodId));
  });
}
