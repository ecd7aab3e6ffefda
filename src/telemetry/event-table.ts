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
  // Progress and ZooKeeper.
  head_stuck: {
    level: 'warn',
    meaning:
      'The first unfinished alarm of a partition is older than zookeeper.max_offset_lag; nothing behind it is committed',
    action: 'see what that alarm waits for: a receiver, MySQL or Kafka; nothing is ever skipped',
  },
  head_moved: { level: 'info', meaning: 'A stuck head was finished', action: 'none' },
  commit_delayed: {
    level: 'warn',
    meaning: 'A commit could not be written to ZooKeeper; it is tried again every second',
    action: 'see whether ZooKeeper answers',
  },
  commit_resumed: { level: 'info', meaning: 'Commits are written again', action: 'none' },
  commit_fenced: {
    level: 'warn',
    meaning: 'A commit was refused because our lock node is gone: another engine may own the partition',
    action: 'none; the engine gives the partition up and waits for the lock again',
  },
  zookeeper_connected: { level: 'info', meaning: 'A new ZooKeeper session has begun', action: 'none' },
  zookeeper_away: {
    level: 'warn',
    meaning: 'No ZooKeeper session could be had; it is tried again for ever',
    action: 'see whether the servers of zookeeper.url run and can be reached',
  },
  zookeeper_session_ended: {
    level: 'warn',
    meaning:
      'The session can no longer be trusted; `reason` says why. Sending and committing stop until there is a new one',
    action: 'see whether ZooKeeper answered in time and whether this host was overloaded or frozen',
  },
  lock_waiting: {
    level: 'info',
    meaning: 'Another engine holds the lock; this one stands by. `holder` names it',
    action: 'none',
  },
  lock_blocked: {
    level: 'warn',
    meaning: 'The lock must wait for `path`: an engine of the other zookeeper.lock mode, or one of the 2014 generation',
    action: 'stop that engine',
  },
  lock_taken: { level: 'info', meaning: 'This engine holds the lock', action: 'none' },
  lock_node_lost: {
    level: 'warn',
    meaning: 'The lock node vanished while we held it: deleted by hand, or its session ended',
    action: 'nobody should delete lock nodes; the engine waits for the lock again',
  },
  offset_imported: {
    level: 'info',
    meaning: 'No offset of ours was stored; the one of a 2014 engine, plus one, is used',
    action: 'none',
  },
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
} as const satisfies Record<string, EventSpec>;

export type EventName = keyof typeof eventTable;
