import type { CounterName } from './metric-table.js';

interface EventSpec {
  /** `error`: someone must act. `warn`: degraded and handled. `info`: life of the engine. `debug`: per alarm. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly meaning: string;
  /** What an operator does about it. */
  readonly action: string;
  /** Moved by one with each event; its labels are taken from the fields of the event. */
  readonly counter?: CounterName;
}

/** Every event that an operator may see: one entry is one kind of log line and, where named, one counter. */
export const eventTable = {
  engine_starting: { level: 'info', meaning: 'The configuration is valid and the engine starts', action: 'none' },
  engine_ready: {
    level: 'info',
    meaning: 'The engine is active or stands by, and every outside system answers',
    action: 'none',
  },
  engine_not_ready: {
    level: 'warn',
    meaning: 'Something the engine needs does not answer; `reasons` says what',
    action: 'see the reasons; the engine waits and goes on by itself',
  },
  engine_stopping: { level: 'info', meaning: 'A stop was asked for, or the engine cannot go on', action: 'none' },
  engine_stopped: { level: 'info', meaning: 'The last line of a run', action: 'none' },
  stop_step: { level: 'info', meaning: 'One step of the stop has begun', action: 'none' },
  stop_slow: {
    level: 'warn',
    meaning: 'A step of the stop still runs; `waiting` says who and how many',
    action: 'none; a second signal forces the end',
  },
  stop_forced: {
    level: 'warn',
    meaning: 'The drain was cut short: some notifications may arrive twice, none is lost',
    action: 'none',
  },
  admin_listening: { level: 'info', meaning: 'The admin endpoint answers on `port`', action: 'none' },
  worker_ready: { level: 'info', meaning: 'A worker process is built and takes work', action: 'none' },
  worker_crashed: {
    level: 'error',
    meaning: 'A worker says why it ends',
    action: 'report it with the stack; the worker is replaced',
  },
  worker_died: {
    level: 'warn',
    meaning: 'A worker process ended without being asked',
    action: 'none; what it held is handed out again',
  },
  worker_killed: {
    level: 'warn',
    meaning: 'A worker was killed because it was silent or spoke nonsense',
    action: 'none; it is replaced',
  },
  worker_replaced: {
    level: 'info',
    meaning: 'A new worker takes the place of a dead one',
    action: 'none',
    counter: 'worker_replacements_total',
  },
  mysql_away: {
    level: 'warn',
    meaning: 'MySQL cannot be reached, is late, or refuses `what`; alarms wait',
    action: 'look at `check`; the engine goes on by itself',
  },
  mysql_back: { level: 'info', meaning: 'MySQL answers `what` again', action: 'none' },
  method_unusable: {
    level: 'warn',
    meaning: 'A notification method cannot be told, `problem` says why: its notifications are parked',
    action: 'correct the method, then replay the dead letters',
  },
  method_of_other_tenant: {
    level: 'debug',
    meaning: 'An alarm is told to a method of another tenant',
    action: 'none, unless tenants should not share methods',
    counter: 'lookup_tenant_mismatches_total',
  },
  method_types_registered: {
    level: 'info',
    meaning: 'Names of types were added to notification_method_type',
    action: 'none',
  },
  method_types_unregistered: {
    level: 'info',
    meaning: 'Names of types could not be added to notification_method_type: the table or the right is missing',
    action: 'none for a schema of 2014; else grant SELECT and INSERT on that table',
  },
  alarm_malformed: {
    level: 'warn',
    meaning: 'A message is no valid alarm; it is parked',
    action: 'see the detail with `dead-letters show`; correct its producer',
  },
  alarm_field_defaulted: {
    level: 'debug',
    meaning: 'A field that only decorates was of a wrong type and is left out',
    action: 'correct the producer',
    counter: 'alarm_fields_defaulted_total',
  },
  alarm_finished_early: {
    level: 'debug',
    meaning: 'An alarm needs no notification; `reason` says why',
    action: 'none',
  },
} as const satisfies Record<string, EventSpec>;

export type EventName = keyof typeof eventTable;
