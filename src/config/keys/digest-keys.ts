import type { Keys } from '../key-spec.js';

/** The digest: where it reads and writes, when it sends by itself. Options of `mon-notification digest` win. */
export const digestKeys = {
  'digest.transport': {
    type: 'choice',
    choices: ['nats', 'kafka'],
    default: 'nats',
    description: 'Where messages of the digest are read and written',
  },
  'digest.nats': {
    type: 'secret',
    form: 'nats_servers',
    optional: true,
    description: 'Servers such as nats://user:password@host:4222, separated by commas; absent: nats://127.0.0.1:4222',
  },
  'digest.jetstream': {
    type: 'choice',
    choices: ['auto', 'on', 'off'],
    default: 'auto',
    description: 'auto: when the server offers it; off: in memory only, not durable',
  },
  'digest.workers': {
    type: 'whole',
    minimum: 1,
    maximum: 1024,
    default: 8,
    description: 'Workers of the whole deployment on NATS; on Kafka the partitions count',
  },
  'digest.lock': {
    type: 'choice',
    choices: ['topic', 'partition'],
    default: 'topic',
    description: 'topic: one instance works and the others stand by; partition: instances share the workers',
  },
  'digest.empty': {
    type: 'choice',
    choices: ['skip', 'send'],
    default: 'skip',
    description: 'What a command does when there is nothing to send',
  },
  'digest.tombstone_days': {
    type: 'whole',
    minimum: 1,
    maximum: 3650,
    default: 30,
    description: 'Days for which cleared alarms are remembered; more than the retention of the input',
  },
  'digest.metrics_listen': {
    type: 'text',
    form: 'listen',
    optional: true,
    description: 'host:port of the admin endpoint of the digest; absent: none',
  },
  'digest.schedule': {
    type: 'text',
    form: 'schedule',
    optional: true,
    description: 'When digests go out by themselves, such as 08:00,17:30 mon-fri Europe/Athens or every 4h',
  },
  'digest.users': {
    type: 'schedules',
    default: {},
    description: 'A schedule of their own for single users, by UserID',
  },
  'digest.methods': {
    type: 'method_options',
    default: {},
    description: 'Notification methods by id: delivery immediate or digest, schedule, empty; wins over their rows',
  },
  'digest.embedded': {
    type: 'boolean',
    default: true,
    description: 'The engine makes the digests of methods itself, on Kafka; false: mon-notification digest does',
  },
  'digest.from_alarms': {
    type: 'boolean',
    default: false,
    description: 'On Kafka, digests of users tell of the alarms on kafka.alarm_topic, too, by their tenant',
  },
  'digest.publish_all': {
    type: 'boolean',
    default: false,
    description: 'On Kafka, digests of methods are published on digest.digest_topic, too',
  },
  'digest.status_topic': {
    type: 'text',
    form: 'topic',
    default: 'alarm-status-changed',
    description: 'Kafka topic of AlarmStatusChanged',
  },
  'digest.command_topic': {
    type: 'text',
    form: 'topic',
    default: 'send-alarm-digest',
    description: 'Kafka topic of SendAlarmDigest',
  },
  'digest.digest_topic': {
    type: 'text',
    form: 'topic',
    default: 'alarm-digest',
    description: 'Kafka topic of AlarmDigest',
  },
  'digest.state_topic': {
    type: 'text',
    form: 'topic',
    default: 'alarm-digest-state',
    description: 'Compacted Kafka topic of the state of the digest',
  },
} as const satisfies Keys;
