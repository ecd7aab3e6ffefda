import type { EventSpec } from './event-spec.js';

/** Events of the life of an engine and of its processes. */
export const engineEvents = {
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
  engine_stopped: {
    level: 'info',
    errorUnlessZero: 'exit_code',
    meaning: 'The last line of a run; of one that failed with `code` and `detail` of the failure',
    action: 'as for `engine_failed`',
  },
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
  admin_listening: { level: 'info', meaning: 'The admin endpoint answers on `port`', action: 'none' },
  plugin_message: {
    level: 'info',
    meaning: 'A notifier says something in its own words; the level is its own choice',
    action: 'see `msg` and `component`',
  },
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
  term_begun: { level: 'info', meaning: 'This engine is active: it reads, sends and commits', action: 'none' },
  term_ended: {
    level: 'warn',
    meaning:
      'This engine gives up the topic; what was under way is void and will be read again by whoever is active next',
    action: 'none; see `reason`',
  },
  sends_cut_off: {
    level: 'warn',
    meaning:
      'The lease ended under `sends` sends: they are given up and go out again under the same id; receivers that had taken them hear twice',
    action:
      'when it comes often: see that the machine and ZooKeeper are quick enough for zookeeper.session_timeout_seconds',
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
  waiting_copy_dropped: {
    level: 'debug',
    meaning: 'A record of a retry or a repeat is on its topic twice, or was followed up already; the last one goes on',
    action: 'none',
  },
  period_without_topic: {
    level: 'warn',
    meaning: 'A method asks for repeats, but `kafka.periodic` has no topic for its period; it is told once',
    action: 'add the period to `kafka.periodic`, or correct the method',
    counter: 'periods_without_topic_total',
  },
  canary_overdue: {
    level: 'error',
    meaning:
      'No alarm of our own of the last three intervals has come back: alarms may not be delivered at all; `seconds` tells since when',
    action: 'see the readiness and the queues in `status`: the last full one in the list stands before what is slow',
  },
  canary_back: { level: 'info', meaning: 'Alarms of our own come back in time again', action: 'none' },
  canary_unwritten: {
    level: 'warn',
    meaning: 'An alarm of our own could not be written to the alarm topic; told once until one can',
    action: 'see `error`: whether Kafka answers, and whether this engine may write to kafka.alarm_topic',
  },
  heartbeat_taken: {
    level: 'info',
    meaning: 'The address of heartbeat.url hears from the engine, for the first time or again',
    action: 'none',
  },
  heartbeat_failed: {
    level: 'warn',
    meaning: 'The address of heartbeat.url did not take a sign of life; told once until it does again',
    action: 'see `error`; the engine works, but its switch is about to say otherwise',
  },
} as const satisfies Record<string, EventSpec>;
