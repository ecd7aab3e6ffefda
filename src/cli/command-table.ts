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
    summary: 'report everything that is wrong or strange in the configuration; connects to nothing',
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
];
