import type { Command } from './command.js';

/** A command before it is loaded: each is imported only when it is asked for, so that small commands start fast. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every subcommand, in the order of the usage. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'the daemon: reads alarms, tells their owners, records it, commits; logs on stderr',
    load: async () => (await import('./run.js')).command,
  },
  {
    name: 'check-config',
    summary: 'report all that is wrong or strange in the configuration; connects to nothing without --online',
    load: async () => (await import('./check-config.js')).command,
  },
  {
    name: 'config show',
    summary: 'print the configuration in force, defaults included, secrets redacted',
    load: async () => (await import('./config-show.js')).command,
  },
  {
    name: 'status',
    summary: 'ask the running engine how it is: role, partitions, queues, workers; 0 only when it is ready',
    load: async () => (await import('./status.js')).command,
  },
  {
    name: 'test-notification',
    summary: 'send one real notification to one method or address, and print what the receiver answered',
    load: async () => (await import('./test-notification.js')).command,
  },
  {
    name: 'render',
    summary: 'print the texts that an alarm would be told as, by each type or one method; sends nothing',
    load: async () => (await import('./render.js')).command,
  },
  {
    name: 'offsets show',
    summary: 'print the stored positions, each the next offset to read, and the lag; takes no lock, changes nothing',
    load: async () => (await import('./offsets-show.js')).command,
  },
  {
    name: 'offsets set',
    summary: 'set stored positions; takes the lock first, so every engine of the group must be stopped',
    load: async () => (await import('./offsets-set.js')).command,
  },
  {
    name: 'send-alarm',
    summary: 'publish one alarm and show whom the engine told, and how long it took; 0 only when all were told',
    load: async () => (await import('./send-alarm.js')).command,
  },
  {
    name: 'monitor-endpoints',
    summary: 'check the HTTP endpoints of a YAML file again and again; print the availability of each domain',
    load: async () => (await import('./monitor-endpoints.js')).command,
  },
  {
    name: 'alert-exec',
    summary: 'poll the queries of an alerts server against thresholds and report every change of state',
    load: async () => (await import('./alert-exec.js')).command,
  },
  {
    name: 'fake-alerts-server',
    summary: 'an alerts server for tests: serves values and faults, and judges its client',
    load: async () => (await import('./fake-alerts-server.js')).command,
  },
  {
    name: 'dead-letters list',
    summary: 'list what is parked: of each notification or message the newest record, unless it was dealt with',
    load: async () => (await import('./dead-letters-list.js')).command,
  },
  {
    name: 'dead-letters show',
    summary: 'show all that is known of one letter: why, whose, every attempt, and the message itself',
    load: async () => (await import('./dead-letters-show.js')).command,
  },
  {
    name: 'dead-letters replay',
    summary: 'have the engine send letters again, each under the id that it always had',
    load: async () => (await import('./dead-letters-replay.js')).command,
  },
  {
    name: 'dead-letters discard',
    summary: 'strike letters off the list, unsent; their records stay on the topic for as long as it keeps them',
    load: async () => (await import('./dead-letters-discard.js')).command,
  },
  {
    name: 'history',
    summary: 'tell what happened to an alarm, a method or all since a time: published, sent, retried, parked, and why',
    load: async () => (await import('./history.js')).command,
  },
  {
    name: 'explain',
    summary: 'say what an alarm would cause: is it one, whom would it reach, with which words; sends nothing',
    load: async () => (await import('./explain.js')).command,
  },
  {
    name: 'migrate',
    summary:
      'print a configuration of 2014, or the final INI file of the ancestor, as one of today that means the same',
    load: async () => (await import('./migrate.js')).command,
  },
  {
    name: 'digest',
    summary: 'the digest: one summary of active alarms per user, on command and on schedule; NATS or Kafka',
    load: async () => (await import('./digest.js')).command,
  },
  {
    name: 'digest send',
    summary: 'ask for the digest of one user',
    load: async () => (await import('./digest-send.js')).command,
  },
  {
    name: 'digest verify',
    summary: 'smoke test of a running digest; 0 only when every digest was right to the byte',
    load: async () => (await import('./digest-verify.js')).command,
  },
  {
    name: 'digest bench',
    summary: 'drive a running digest, measure it, and compare its digests with a model',
    load: async () => (await import('./digest-bench.js')).command,
  },
];
