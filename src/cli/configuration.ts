import { dirname, resolve } from 'node:path';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { readPluginNames } from '../config/plugin-names.js';
import { type Problem, problemText } from '../config/problem.js';
import { canaryType } from '../domain/canary.js';
import { builtinNotifiers } from '../notifiers/builtin.js';
import { notifierTypeForm } from '../notifiers/registry.js';
import { loadThirdParty } from '../notifiers/third-party.js';
import type { NotifierPlugin } from '../ports/notifier.js';
import { spentProcessorMs, systemClock } from '../runtime/clock.js';
import type { CommandArguments, CommandIo } from './command.js';
import { checkTemplates } from './template-checks.js';

type Invalid = Extract<LoadedConfig, { kind: 'invalid' }>;

/** A configuration that can be used, with every notifier that it can mean. */
export type Valid = Extract<LoadedConfig, { kind: 'valid' }> & { readonly plugins: readonly NotifierPlugin[] };

const defaultFile = '/etc/mon/notification.yaml';
const pluginsKey = 'notification_types.plugins';

/** The configuration file that is meant: the one that an option names, else the environment, else the usual place. */
export function configFile(named: string | undefined, io: CommandIo): string {
  return named ?? (io.environment.MON_NOTIFICATION_CONFIG || defaultFile);
}

/** Loads the configuration that is meant, whatever is wrong with it, and tries its templates. Runs the modules of third parties that it names. */
export async function loadMeant(args: CommandArguments, io: CommandIo): Promise<Valid | Invalid> {
  const file = configFile(args.text('config'), io);
  const brought = await thirdParties(file, io);
  const plugins = [...builtinNotifiers, ...brought.plugins];
  const loaded = loadConfig(file, io.environment, plugins, brought.modules);
  const found =
    loaded.kind === 'valid'
      ? checkTemplates(loaded.config.templates, plugins, spentProcessorMs)
      : { problems: loaded.problems, warnings: [] };
  const problems = [...brought.problems, ...found.problems];
  const warnings = [...loaded.warnings, ...brought.warnings, ...found.warnings];
  if (loaded.kind === 'invalid' || problems.length > 0) return { kind: 'invalid', problems, warnings };
  return { ...loaded, warnings, plugins };
}

/** Loads the configuration for a command that cannot do without. Problems go to stderr; the caller then ends with 78. */
export async function loadOrReport(args: CommandArguments, io: CommandIo): Promise<Valid | undefined> {
  const loaded = await loadMeant(args, io);
  for (const warning of loaded.warnings) io.err(warningText(warning));
  if (loaded.kind === 'valid') return loaded;
  for (const problem of loaded.problems) io.err(problemText(problem));
  return undefined;
}

/** One warning for all types that are disabled because nothing is said of them: for the commands that ask what the engine will do. */
export function unconfiguredTypes({ settings, unconfiguredTypes: types }: Valid, file: string): readonly Problem[] {
  if (types.length === 0) return [];
  const { place, name } = settings.whereIs('notification_types.enabled');
  const message = `disabled, because nothing is configured for them: ${types.join(', ')}; list here what is used to have no such line`;
  return [{ file, ...place, key: name, message }];
}

/** A warning in the form of a problem, marked. */
export function warningText(warning: Problem): string {
  return problemText({ ...warning, message: `warning: ${warning.message}` });
}

interface Brought {
  readonly plugins: NotifierPlugin[];
  readonly modules: string[];
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

async function thirdParties(file: string, io: CommandIo): Promise<Brought> {
  const brought: Brought = { plugins: [], modules: [], problems: [], warnings: [] };
  const taken = new Set([canaryType, ...builtinNotifiers.map(({ type }) => type)]);
  for (const { name, place } of readPluginNames(file, io.environment)) {
    const found = await loadThirdParty(name, resolve(dirname(file)), systemClock);
    const say = (message: string): Problem => ({ file, ...place, key: pluginsKey, message });
    switch (found.kind) {
      case 'skipped':
        brought.warnings.push(say(`${name} is skipped: a class of the ancestor, not a module of ours`));
        break;
      case 'unusable':
        brought.problems.push(say(`expected a module with notifiers, got ${name}: ${found.problem}`));
        break;
      case 'loaded': {
        const wrong = found.plugins.map(({ type }) => typeProblem(type, taken)).find((one) => one !== undefined);
        if (wrong === undefined) {
          brought.modules.push(found.url);
          brought.plugins.push(...found.plugins);
        } else brought.problems.push(say(`expected ${wrong}, got it from ${name}`));
        break;
      }
      default:
        found satisfies never;
    }
  }
  return brought;
}

function typeProblem(type: string, taken: Set<string>): string | undefined {
  if (!notifierTypeForm.test(type)) return `a type of at most 20 of a-z 0-9 _ -, not ${JSON.stringify(type)}`;
  if (taken.has(type)) return `a type of its own, not ${type} again`;
  taken.add(type);
  return undefined;
}
