import type { Offset } from '../../domain/position.js';
import type { Brokers } from './brokers.js';
import { KafkaFailure, kafkaError, lastingFailure } from './kafka-failure.js';

/**
 * The offsets that a consumer group has committed of one topic, each the next to read; without the partitions of which it has none.
 *
 * @throws RIGHT_MISSING when Kafka refuses us the group; KafkaFailure or Error for all that may pass.
 */
export async function groupOffsets(
  brokers: Brokers,
  group: string,
  { topic, partitions }: { readonly topic: string; readonly partitions: readonly number[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Offset>> {
  const attempted = `reading the offsets of group ${group}`;
  const found = await brokers.ask('any', 'GroupCoordinator', { groupId: group, coordinatorType: 0 }, signal);
  demandNone(found.errorCode, attempted);
  brokers.learnOne(found.coordinator);
  const asked = { groupId: group, topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }] };
  const answer = await brokers.ask(found.coordinator.nodeId, 'OffsetFetch', asked, signal);
  demandNone(answer.errorCode ?? kafkaError.none, attempted);
  const offsets = new Map<number, Offset>();
  for (const { partition, offset, errorCode } of answer.responses.flatMap((one) => one.partitions)) {
    demandNone(errorCode, attempted);
    if (BigInt(offset) >= 0n) offsets.set(partition, BigInt(offset));
  }
  return offsets;
}

function demandNone(errorCode: number, attempted: string): void {
  if (errorCode === kafkaError.none) return;
  throw lastingFailure(errorCode, attempted) ?? new KafkaFailure(errorCode, attempted);
}
