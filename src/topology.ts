import type { NonEmpty } from './domain/position.js';
import type { QueueName, StageName } from './ports/flow.js';

/** One line of the picture: a stage, the queue it takes from, the queue it puts to, and how many processes run it. */
export interface StageSpec {
  readonly stage: StageName;
  readonly takes?: Exclude<QueueName, 'finished'>;
  readonly puts?: Exclude<QueueName, 'finished'>;
  readonly processes: number;
}

/**
 * The pipeline, in the direction of flow; without repeats when `periodic` is 0. Every stage may also finish an item: the state tracker in
 * the main process is told at once.
 */
export const topology = (count: {
  readonly alarm: number;
  readonly notification: number;
  readonly periodic?: 0 | 1;
}): NonEmpty<StageSpec> => [
  { stage: 'kafka_consumer', puts: 'alarms', processes: 1 },
  { stage: 'retry_engine', puts: 'notifications', processes: 1 },
  ...(count.periodic === 0
    ? []
    : [{ stage: 'periodic_engine' as const, puts: 'notifications' as const, processes: 1 }]),
  { stage: 'alarm_processor', takes: 'alarms', puts: 'notifications', processes: count.alarm },
  {
    stage: 'notification_processor',
    takes: 'notifications',
    puts: 'sent_notifications',
    processes: count.notification,
  },
  { stage: 'sent_notification_processor', takes: 'sent_notifications', processes: 1 },
];
