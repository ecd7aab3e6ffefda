import type { Alarm, RawAlarm } from '../domain/alarm.js';
import type { AlarmStatus } from '../domain/alarm-status.js';
import type { NotificationGroup } from '../domain/notification.js';
import type { DeadLetter, FinishedAlarm, SettledAlarm, StageOutcome } from '../domain/outcome.js';
import type { AlarmPosition, Offset, Positioned, TopicPartition } from '../domain/position.js';
import type { MethodWish } from './digest.js';

export type QueueItems = {
  alarms: RawAlarm;
  notifications: NotificationGroup;
  sent_notifications: SettledAlarm;
  finished: FinishedAlarm;
};
export type QueueName = keyof QueueItems;
export const queueNames = ['alarms', 'notifications', 'sent_notifications', 'finished'] as const satisfies QueueName[];

export type StageName =
  | 'kafka_consumer'
  | 'alarm_processor'
  | 'notification_processor'
  | 'sent_notification_processor'
  | 'retry_engine'
  | 'periodic_engine'
  | 'digest';

/** An item as it crosses processes. Main routes by the outside and never opens `payload`; equal order keys are out one at a time. */
export interface Parcel extends Positioned {
  readonly orderKey: string;
  readonly payload: string;
}

/**
 * One step of the pipeline. `process` may run for several items at once, never for two with the same order key. Retriable errors are
 * waited out inside. It decides or it throws; a throw, unless `signal` was aborted, ends the worker, and the item is handed out once more.
 */
export interface Stage<In extends Positioned, Out> {
  readonly name: StageName;
  process(item: In, signal: AbortSignal): Promise<StageOutcome<Out>>;
  close(): Promise<void>;
}

/** What the source of alarms tells besides alarms; it tells them in the order in which they happened, before any alarm that follows. */
export type SourceEvent = Readonly<
  /** All partitions of the topic as last seen; empty while it does not exist. */
  | { kind: 'partitions'; topic: string; partitions: readonly number[] }
  /** Reading begins at `nextToRead`: after every `resume`, and behind a hole. `skipped` counts offsets that retention took unread. */
  | { kind: 'positioned'; partition: TopicPartition; nextToRead: Offset; skipped: bigint }
  /** The topic ends before the position asked for: it was made anew. Nothing is read until somebody decides. */
  | { kind: 'halted'; partition: TopicPartition; nextToRead: Offset; logStart: Offset; logEnd: Offset }
  /** The offset after the newest one that Kafka holds. */
  | { kind: 'high_water'; partition: TopicPartition; offset: Offset }
>;

/**
 * Reads what is resumed and nothing else, from the position that it is given: no consumer group, so no rebalance delivers again.
 *
 * `undefined` as position asks for the earliest offset that Kafka has. `limit` is the first offset that may not be yielded while anything
 * read before it is uncommitted; `allow` moves it. After `pause` has returned no alarm of the partition is yielded. Reading goes on through
 * every outage of Kafka; a missing right to read ends `read` with RIGHT_MISSING.
 */
export interface AlarmSource {
  resume(partition: TopicPartition, nextToRead: Offset | undefined, limit: Offset | undefined): void;
  allow(partition: TopicPartition, committed: Offset): void;
  pause(partition: TopicPartition): void;
  /** Batches in the order read inside each partition; what is not taken is not fetched ahead without bound. */
  read(signal: AbortSignal): AsyncIterable<readonly RawAlarm[]>;
  close(): Promise<void>;
}

/** What became of a question for single messages; what is in neither list could not be read now. */
export interface FoundMessages {
  readonly found: readonly RawAlarm[];
  /** Kafka holds them no more: retention or compaction took them. */
  readonly gone: readonly AlarmPosition[];
}

/** Reads single messages again, each by its position. Never throws because Kafka is away: what it could not have, it leaves out. */
export interface MessageLookup {
  find(positions: readonly AlarmPosition[], signal: AbortSignal): Promise<FoundMessages>;
  close(): Promise<void>;
}

/** Writes outcome records, keyed by notification id. Resolves when all in-sync replicas have every record of the alarm. */
export interface Publisher {
  publish(alarm: SettledAlarm, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Parks what must not be lost and cannot be handled; acknowledged like Publisher. */
export interface DeadLetters {
  park(letter: DeadLetter, signal: AbortSignal): Promise<void>;
}

/** Takes alarms into digests. Resolves when all in-sync replicas have it: from then on the offset of the alarm may move. */
export interface DigestIntake {
  fold(alarm: Alarm, into: FoldedInto, signal: AbortSignal): Promise<void>;
}

/** Whose digest, and what the alarm is to it: OK is over, which is also what a state is that the method did not ask for. */
export interface FoldedInto {
  readonly methodId: string;
  readonly status: Exclude<AlarmStatus, 'UNKNOWN'>;
  readonly wish?: MethodWish;
}

/** One end of the way between two processes. Written is not received: only an answer by position is. */
export interface Link<Out, In> {
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  readonly closed: Promise<void>;
  close(): void;
}
