import type { Environment } from '../config/fill-in.js';

/** 0 as asked · 1 failed · 2 wrong command line · 78 wrong configuration. */
export type ExitCode = 0 | 1 | 2 | 78;

/** One option, as `--name` or `-short`. `value` names what follows it in the usage; without it the option is a switch. */
export interface CommandOption {
  readonly value?: string;
  readonly short?: string;
  readonly repeated?: true;
  /** An empty value stands for the default; elsewhere it is taken for a forgotten one. */
  readonly mayBeEmpty?: true;
  readonly description: string;
}

/** What stood on the command line. A switch is there or not; of an option given twice the last counts, unless it may be repeated. */
export interface CommandArguments {
  has(option: string): boolean;
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  readonly positionals: readonly string[];
}

/** Where a command writes and what it sees of its surroundings. Results go to `out`, everything else to `err`; both end the line. */
export interface CommandIo {
  out(line: string): void;
  err(line: string): void;
  /** Asks the person at the terminal; an empty answer when they leave. Undefined where there is no terminal. */
  readonly ask?: (question: string) => Promise<string>;
  /** Shows how far a long work is, each text in place of the one before; empty: nothing more. Undefined where stderr is no terminal. */
  readonly progress?: (text: string) => void;
  readonly environment: Environment;
}

/** One subcommand. Every file of cli/ that is one exports it as `command`. */
export interface Command {
  /** Words for the usage, such as `(FILE | -)`. Undefined: no words besides options are taken. */
  readonly positionals?: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** True where its words name a configuration: it may then end with 78, as any command may that has an option for one. */
  readonly isAboutConfiguration?: true;
  /** @throws UsageError when the options do not go together; EngineError when the work failed. */
  run(args: CommandArguments, io: CommandIo): Promise<ExitCode>;
}

/** The command line asks for something that does not exist or does not go together: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The options that most commands share. */
export const configOption = {
  config: {
    value: 'FILE',
    description: 'configuration (default /etc/mon/notification.yaml, or MON_NOTIFICATION_CONFIG)',
  },
} as const satisfies Command['options'];
export const jsonOption = {
  json: { description: 'print JSON' },
} as const satisfies Command['options'];
