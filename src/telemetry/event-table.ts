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
  notification_settled: {
    level: 'debug',
    meaning: 'One send has ended; `outcome` says how, `detail` why not',
    action: 'none',
  },
} as const satisfies Record<string, EventSpec>;

export type EventName = keyof typeof eventTable;
