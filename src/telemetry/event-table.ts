import { digestEvents } from './digest-events.js';
import type { CounterName } from './metric-table.js';

export interface EventSpec {
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
  stop_step: { level: 'info', meaning: 'One step of the stop is done', action: 'none' },
  stop_step_failed: {
    level: 'warn',
    meaning: 'A step of the stop failed or took too long; the later ones run all the same',
    action: 'none; the lock is free at the latest when the ZooKeeper session ends',
  },
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
  kafka_away: {
    level: 'warn',
    meaning: 'Kafka does not do what is asked, `error` says what; told at once and every 30 s while it lasts',
    action: 'see the brokers; the engine waits and goes on where it was',
  },
  kafka_back: { level: 'info', meaning: 'Kafka answers again', action: 'none' },
  kafka_client_note: { level: 'debug', meaning: 'A word of the Kafka client library', action: 'none' },
  records_unreadable: {
    level: 'error',
    meaning:
      'Records of a partition cannot be decoded: damaged, or unpacking to more than 64 MiB; `error` names the position',
    action:
      'look at the records and their producer; move on with `offsets set`, which leaves them out. The other partitions go on',
  },
  record_refused: {
    level: 'error',
    meaning: 'Kafka will never take this record; a shortened one is parked in its place',
    action: 'raise max.message.bytes of the output topics to that of the alarm topic and more',
  },
  mirror_group_in_use: {
    level: 'warn',
    meaning:
      'Somebody consumes with the group `kafka.group`, so positions cannot be mirrored to it; alarms are not affected',
    action: 'find the member with kafka-consumer-groups --describe and give it another group',
  },
  topic_created: { level: 'info', meaning: 'A missing output topic was created', action: 'none' },
  admin_listening: { level: 'info', meaning: 'The admin endpoint answers on `port`', action: 'none' },
  plugin_message: {
    level: 'info',
    meaning: 'A notifier says something in its own words; the level is its own choice',
    action: 'see `msg` and `component`',
  },
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
  engine_failed: {
    level: 'error',
    meaning: 'The engine cannot go on; it stops and exits with 1, or with 78 when a new start cannot help',
    action: 'see `detail`; with 78 mend the configuration, the offset node or the rights first',
  },
  // Terms and partitions.
  term_begun: { level: 'info', meaning: 'This engine is active: it reads, sends and commits', action: 'none' },
  term_ended: {
    level: 'warn',
    meaning:
      'This engine gives up the topic; what was under way is void and will be read again by whoever is active next',
    action: 'none; see `reason`',
  },
  topic_absent: {
    level: 'warn',
    meaning: 'The alarm topic does not exist; the engine waits for it',
    action: 'create the topic, or correct kafka.alarm_topic',
  },
  partition_positioned: { level: 'info', meaning: 'Reading of a partition begins at this offset', action: 'none' },
  partition_halted: {
    level: 'error',
    meaning: 'The partition ends before our committed offset, as after the topic was made anew; it is not read',
    action: 'look at the topic, then set the position with `mon-notification offsets set`',
  },
  offsets_skipped: {
    level: 'error',
    meaning: 'Retention removed alarms before they were read; reading goes on at the earliest one',
    action: 'find out why the engine was behind for so long; lengthen the retention of the topic',
  },
  offset_load_failed: {
    level: 'warn',
    meaning: 'A stored offset could not be read from ZooKeeper; it is tried again every second',
    action: 'see whether ZooKeeper answers',
  },
  item_quarantined: {
    level: 'error',
    meaning: 'An item was in the hands of two workers that died; it is parked unopened with reason killed_workers',
    action: 'look at the dead letter; report what it did',
  },
  notification_settled: {
    level: 'debug',
    meaning: 'One send has ended; `outcome` says how, `detail` why not',
    action: 'none',
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
  retry_unreadable: {
    level: 'warn',
    meaning: 'A message on the retry topic is no outcome record; it is parked with reason `malformed`',
    action: 'see `detail` and the dead letter; find out who wrote it',
  },
  retry_vanished: {
    level: 'error',
    meaning: 'Retention or compaction took a retry from its topic before it was due; that method is not told',
    action: 'let the retry topic keep its records longer than processors.alarm.ttl, and do not compact it',
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
  started_as_root: {
    level: 'warn',
    meaning: 'The engine runs as root, which it does not need',
    action: 'run it as a user of its own; the shipped unit does',
  },
  service_notify_failed: {
    level: 'warn',
    meaning: 'The service manager could not be told how the engine is',
    action: 'see that systemd-notify is installed and the unit has NotifyAccess=all',
  },
  ...digestEvents,
} as const satisfies Record<string, EventSpec>;

export type EventName = keyof typeof eventTable;

/** The specification under a name, with every optional part visible. */
export function eventSpec(name: EventName): EventSpec {
  return eventTable[name];
}
