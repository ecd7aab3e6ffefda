import type { Keys } from '../key-spec.js';

/** How to reach the three systems that the engine stands on: Kafka, ZooKeeper, MySQL. */
export const outsideKeys = {
  'kafka.url': {
    type: 'hosts',
    port: 9092,
    required: true,
    description: 'Brokers to start from, separated by commas; IPv6 in brackets',
  },
  'kafka.group': {
    type: 'text',
    form: 'node',
    default: 'mon-notification',
    description: 'Names the nodes in ZooKeeper and the Kafka group that the positions are mirrored to',
  },
  'kafka.alarm_topic': {
    type: 'text',
    form: 'topic',
    default: 'alarm-state-transitions',
    description: 'Topic that the alarms are read from; never created by the engine',
  },
  'kafka.notification_topic': {
    type: 'text',
    form: 'topic',
    default: 'alarm-notifications',
    description: 'Topic of what was sent, superseded or expired',
  },
  'kafka.notification_retry_topic': {
    type: 'text',
    form: 'topic',
    default: 'retry-notifications',
    description: 'Topic of notifications that wait for another attempt',
  },
  'kafka.dead_letter_topic': {
    type: 'text',
    form: 'topic',
    default: 'notification-dead-letters',
    description: 'Topic of what is parked for people, with the reason',
  },
  'kafka.periodic': {
    type: 'periods',
    default: { 60: '60-seconds-notifications' },
    description: 'Topics of repeated notifications, by repeat time in seconds; empty: no repeats',
  },
  'kafka.create_topics': {
    type: 'boolean',
    default: true,
    description: 'Create missing output topics at start',
  },
  'kafka.ssl': {
    type: 'switch',
    default: false,
    description: 'TLS to the brokers: true, or a section with the keys below',
  },
  'kafka.ssl.ca': {
    type: 'pem',
    optional: true,
    description: 'Authorities to trust instead of the well-known ones: PEM text or path',
  },
  'kafka.ssl.cert': { type: 'pem', optional: true, description: 'Certificate of this client: PEM text or path' },
  'kafka.ssl.key': { type: 'secret_pem', optional: true, description: 'Private key of this client: PEM text or path' },
  'kafka.ssl.passphrase': { type: 'secret', optional: true, description: 'Opens the private key' },
  'kafka.ssl.servername': {
    type: 'text',
    form: 'host',
    optional: true,
    description: 'Name to expect in the certificates of the brokers',
  },
  'kafka.ssl.reject_unauthorized': {
    type: 'boolean',
    default: true,
    also: ['kafka.ssl.rejectUnauthorized'],
    description: 'Refuse brokers whose certificate cannot be verified',
  },
  'kafka.sasl.mechanism': {
    type: 'choice',
    choices: ['plain', 'scram-sha-256', 'scram-sha-512'],
    optional: true,
    description: 'How to log in to the brokers; with username and password',
  },
  'kafka.sasl.username': { type: 'text', optional: true, description: 'Kafka user' },
  'kafka.sasl.password': { type: 'secret', optional: true, description: 'Password of the Kafka user' },
  'zookeeper.url': {
    type: 'hosts',
    port: 2181,
    namesOnly: true,
    required: true,
    description:
      'Servers of the ensemble, separated by commas; names or IPv4, the client library cannot take IPv6 addresses',
  },
  'zookeeper.lock': {
    type: 'choice',
    choices: ['topic', 'partition'],
    default: 'topic',
    description:
      'topic: one engine works and the others stand by; partition: all engines of the group share the partitions',
  },
  'zookeeper.session_timeout_seconds': {
    type: 'seconds',
    minimum: 1,
    maximum: 300,
    default: 10,
    description: 'Session time-out to ask for; the one that the server grants counts',
  },
  'zookeeper.max_offset_lag': {
    type: 'seconds',
    minimum: 1,
    maximum: 31_536_000,
    default: 600,
    emptyIsOff: true,
    also: ['kafka.max_offset_lag'],
    description:
      'Age of the oldest unfinished alarm from which stuck_head is reported; empty: never. Nothing is skipped',
  },
  'zookeeper.auth': {
    type: 'secret',
    optional: true,
    description: 'user:password for digest authentication; our nodes then belong to it alone',
  },
  'zookeeper.chroot': {
    type: 'text',
    form: 'chroot',
    optional: true,
    description: 'Path in front of all our nodes, such as /mon',
  },
  'mysql.host': { type: 'text', form: 'host', required: true, description: 'Host of the database' },
  'mysql.port': { type: 'whole', minimum: 1, maximum: 65535, default: 3306, description: 'Port of the database' },
  'mysql.user': { type: 'text', required: true, description: 'User with SELECT on the database' },
  'mysql.passwd': {
    type: 'secret',
    required: true,
    emptyAllowed: true,
    also: ['mysql.password'],
    description: 'Password of that user',
  },
  'mysql.db': { type: 'text', form: 'database', required: true, description: 'Name of the database' },
  'mysql.ssl': {
    type: 'switch',
    default: false,
    description: 'TLS to the database: true, or a section with the keys below',
  },
  'mysql.ssl.ca': {
    type: 'pem',
    optional: true,
    description: 'Authorities to trust instead of the well-known ones: PEM text or path',
  },
  'mysql.ssl.cert': { type: 'pem', optional: true, description: 'Certificate of this client: PEM text or path' },
  'mysql.ssl.key': { type: 'secret_pem', optional: true, description: 'Private key of this client: PEM text or path' },
  'mysql.ssl.reject_unauthorized': {
    type: 'boolean',
    default: true,
    also: ['mysql.ssl.rejectUnauthorized'],
    description: 'Refuse a database whose certificate cannot be verified',
  },
  'mysql.lookup': {
    type: 'choice',
    choices: ['auto', 'definition', 'alarm'],
    default: 'auto',
    description: 'How actions are found: by alarm definition, by alarm, or as the columns of alarm_action say',
  },
} as const satisfies Keys;
