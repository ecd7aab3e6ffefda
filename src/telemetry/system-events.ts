import type { EventSpec } from './event-spec.js';

/** Events of Kafka, ZooKeeper and MySQL as the engine meets them: its positions and locks too. */
export const systemEvents = {
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
  partition_taken: { level: 'info', meaning: 'This engine owns one partition more', action: 'none' },
  partition_handed_over: {
    level: 'info',
    meaning: 'A partition was drained, committed and released for another engine',
    action: 'none',
  },
  hand_over_postponed: {
    level: 'warn',
    meaning: 'A partition that another engine is to have could not be drained in time; `unfinished` alarms wait',
    action: 'see what they wait for: a receiver, MySQL or Kafka; the partition is worked on and tried again in 30 s',
  },
  share_unknown: {
    level: 'warn',
    meaning: 'ZooKeeper did not tell who owns which partition; what this engine owns it works on',
    action: 'see whether ZooKeeper answers',
  },
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
  mysql_away: {
    level: 'warn',
    meaning: 'MySQL cannot be reached, is late, or refuses `what`; alarms wait',
    action: 'look at `check`; the engine goes on by itself',
  },
  mysql_back: { level: 'info', meaning: 'MySQL answers `what` again', action: 'none' },
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
    meaning: 'A message on a topic of retries or repeats is no outcome record; it is parked with reason `malformed`',
    action: 'see `detail` and the dead letter; find out who wrote it',
  },
} as const satisfies Record<string, EventSpec>;
