import type { ErrorCode } from '../domain/errors.js';

interface ErrorSpec {
  readonly meaning: string;
  /** What an operator does about it. */
  readonly action: string;
}

/** Every `code` that a log line or a command may name. */
export const errorTable: Readonly<Record<ErrorCode, ErrorSpec>> = {
  CONFIG_INVALID: {
    meaning: 'The configuration is wrong; every problem is listed. Exit code 78',
    action: 'correct the named keys; `mon-notification check-config` shows the same list',
  },
  ALARM_MALFORMED: {
    meaning: 'A message on the alarm topic is no alarm; it is parked with reason malformed',
    action: 'find its producer by the position in the dead letter',
  },
  DIRECTORY_UNAVAILABLE: {
    meaning: 'MySQL does not answer, is late or refuses; alarms wait',
    action: 'see whether MySQL runs, and whether user, rights and schema are right',
  },
  DELIVERY_FAILED: {
    meaning: 'A receiver did not take a notification; it is retried or parked',
    action: 'see the receiver; `mon-notification test-notification` shows its answer',
  },
  RECORD_REFUSED: {
    meaning: 'Kafka refuses a record for good, as when it is too large',
    action: 'raise `max.message.bytes` of the output topics',
  },
  RIGHT_MISSING: {
    meaning: 'Kafka or ZooKeeper denies a right that the engine needs. Exit code 78',
    action: 'grant the right that the line names',
  },
  FENCED: {
    meaning: 'A commit was refused because our lock is gone: another engine may own the topic',
    action: 'none; the engine waits for the lock again',
  },
  STORE_UNAVAILABLE: {
    meaning: 'ZooKeeper does not answer, or it is not known whether it took a request',
    action: 'see whether ZooKeeper runs and can be reached',
  },
  STORE_DAMAGED: {
    meaning: 'A node in ZooKeeper holds what we never write; path and content are named. Exit code 78',
    action: 'find out who wrote it, then set the position with `mon-notification offsets set`',
  },
  INTERNAL_ERROR: { meaning: 'A fault of the engine itself. Exit code 1', action: 'report it with the log' },
  PROTOCOL_VIOLATED: {
    meaning: 'A worker said what makes no sense; it is killed and replaced',
    action: 'report it with the log',
  },
  WORKERS_FAILING: {
    meaning: 'Workers were replaced more than five times in a minute. Exit code 1',
    action: 'see the `worker_crashed` and `worker_died` lines before it',
  },
  ABORTED: { meaning: 'A step was given up because the engine stops or its term ended', action: 'none' },
  LISTEN_FAILED: {
    meaning: 'The admin endpoint cannot have its port. Exit code 1',
    action: 'see what else listens there, or set `admin.host` and `admin.port`',
  },
};
