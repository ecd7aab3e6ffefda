import { type LoadedConfig, loadConfig } from '../config/load.js';
import { type Problem, problemText } from '../config/problem.js';
import { builtinNotifiers } from '../notifiers/builtin.js';
import type { CommandArguments, CommandIo } from './command.js';

type Valid = Extract<LoadedConfig, { kind: 'valid' }>;

const defaultFile = '/etc/mon/notification.yaml';

/** The configuration file that is meant: the option, else the environment, else the usual place. */
export function configFile(args: CommandArguments, io: CommandIo): string {
  return args.text('config') ?? (io.environment.MON_NOTIFICATION_CONFIG || defaultFile);
}

/** Loads the configuration that is meant, whatever is wrong with it. */
export function loadMeant(args: CommandArguments, io: CommandIo): LoadedConfig {
  return loadConfig(configFile(args, io), io.environment, builtinNotifiers);
}

/** Loads the configuration for a command that cannot do without. Problems go to stderr; the caller then ends with 78. */
export function loadOrReport(args: CommandArguments, io: CommandIo): Valid | undefined {
  const loaded = loadMeant(args, io);
  for (const warning of loaded.warnings) io.err(warningText(warning));
  if (loaded.kind === 'valid') return loaded;
  for (const problem of loaded.problems) io.err(problemText(problem));
  return undefined;
}

/** A warning in the form of a problem, marked. */
export function warningText(warning: Problem): string {
  return problemText({ ...warning, message: `warning: ${warning.message}` });
}
