import { anyPositive, type Keys } from '../key-spec.js';

/** What the engine itself does: how many processes, how much waiting, how often again, where to look at it. */
export const engineKeys = {
  'processors.alarm.number': {
    type: 'whole',
    minimum: 1,
    maximum: 64,
    default: 2,
    description: 'Processes that parse alarms and look up methods',
  },
  'processors.alarm.ttl': {
    type: 'seconds',
    minimum: 1,
    maximum: 31_536_000,
    default: 14400,
    emptyIsOff: true,
    description: 'Alarms older than this are not notified; empty: no limit',
  },
  'processors.alarm.drop_known_events': {
    type: 'boolean',
    default: false,
    description:
      'Drop copies of events: those whose sequence is not above the highest that was read before them in the same partition for the same alarm and source',
  },
  'processors.notification.number': {
    type: 'whole',
    minimum: 1,
    maximum: 64,
    default: 4,
    description: 'Processes that send',
  },
  'queues.alarms_size': {
    type: 'whole',
    minimum: 1,
    maximum: 100_000,
    default: 256,
    description: 'Alarms that wait to be processed',
  },
  'queues.notifications_size': {
    type: 'whole',
    minimum: 1,
    maximum: 100_000,
    default: 256,
    description: 'Alarms whose notifications wait to be sent',
  },
  'queues.sent_notifications_size': {
    type: 'whole',
    minimum: 1,
    maximum: 100_000,
    default: 50,
    description: 'Alarms whose outcomes wait to be recorded; small, because a crash sends them again',
  },
  'queues.finished_size': {
    type: 'whole',
    minimum: 1,
    maximum: 100_000,
    default: 256,
    description: 'Finished alarms that wait for the state tracker',
  },
  'retry.interval': {
    type: 'seconds',
    minimum: anyPositive,
    // The end of a pause is a date, and dates end in the year 275760.
    maximum: 100_000_000_000,
    default: 30,
    description: 'Delay before the first retry; later ones grow, with jitter',
  },
  'retry.max_attempts': {
    type: 'whole',
    minimum: 0,
    maximum: 1000,
    default: 5,
    description: 'Retries after the first send; then the notification is parked',
  },
  'notification_types.enabled': {
    type: 'list',
    optional: true,
    description: 'Notification types to send; absent: all that are configured',
  },
  'notification_types.plugins': {
    type: 'list',
    optional: true,
    description: 'Modules with notifiers of third parties: paths from here, or names of packages',
  },
  'http.allow': {
    type: 'list',
    form: 'network',
    default: [],
    description: 'Networks (10.0.0.0/8) and host names that notifications by HTTP may reach besides public addresses',
  },
  'http.concurrency_per_destination': {
    type: 'whole',
    minimum: 1,
    maximum: 10_000,
    default: 64,
    description: 'Requests in flight to one destination, of the whole engine',
  },
  'http.rate_per_destination': {
    type: 'whole',
    minimum: 1,
    maximum: 100_000,
    optional: true,
    description:
      'Sends per second to one destination, of the whole engine, with bursts of five seconds; absent: any number',
  },
  'admin.host': { type: 'text', form: 'host', default: '127.0.0.1', description: 'Address of the admin endpoint' },
  'admin.port': {
    type: 'whole',
    minimum: 0,
    maximum: 65535,
    default: 8071,
    description: 'Port of the admin endpoint; 0: any free one',
  },
  'shutdown.deadline_seconds': {
    type: 'seconds',
    minimum: 1,
    maximum: 3600,
    default: 25,
    description: 'Time to drain before the forced stop; below the time-out of the supervisor',
  },
  'log.level': {
    type: 'choice',
    choices: ['debug', 'info', 'warn', 'error'],
    synonyms: { notset: 'debug', warning: 'warn', critical: 'error', fatal: 'error' },
    default: 'info',
    older: 'logging.root.level',
    description: 'Least important lines that are logged',
  },
  'log.format': { type: 'choice', choices: ['json', 'text'], default: 'json', description: 'text: for people' },
  'statsd.enable': { type: 'boolean', default: true, description: 'Send the metrics of the ancestor by UDP' },
  'statsd.host': {
    type: 'text',
    form: 'host',
    default: '127.0.0.1',
    description: 'Host of statsd; one that is away is no error',
  },
  'statsd.port': { type: 'whole', minimum: 1, maximum: 65535, default: 8125, description: 'Port of statsd' },
  'statsd.names': {
    type: 'choice',
    choices: ['mon', 'monasca', 'both'],
    default: 'mon',
    description: 'Names of 2014, of the later generation, or both',
  },
  'heartbeat.url': {
    type: 'secret',
    optional: true,
    description:
      "URL of a dead man's switch: asked for with GET as long as the engine is active and ready; the whole URL is kept secret",
  },
  'heartbeat.interval': {
    type: 'seconds',
    minimum: 1,
    maximum: 86_400,
    default: 60,
    description: 'Time between two signs of life; the switch should allow for two of them',
  },
  'canary.interval': {
    type: 'seconds',
    minimum: 1,
    maximum: 86_400,
    optional: true,
    description:
      'Time between two alarms of our own, which go the whole way to their record and tell nobody; absent: none. When none comes back for three times that long, it is told',
  },
} as const satisfies Keys;
