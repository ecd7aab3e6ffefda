import { dirname } from 'node:path';
import type { NotifierPlugin } from '../ports/notifier.js';
import { compile } from './compile.js';
import type { Config } from './config.js';
import { crossCheck } from './cross-checks.js';
import type { Environment } from './fill-in.js';
import { collectGiven } from './given.js';
import { KnownNames } from './known-names.js';
import { Findings, fileStart, type Problem } from './problem.js';
import { readFileText } from './read-file.js';
import { notifierKeys, schema } from './schema.js';
import { readSettings, type Settings } from './settings.js';
import { readTemplates } from './template-texts.js';
import { readYaml } from './yaml-document.js';

/** What became of a configuration file. Warnings come with either; a valid one has its values by public key, too. */
export type LoadedConfig =
  | {
      readonly kind: 'valid';
      readonly config: Config;
      readonly settings: Settings;
      /** Types that are disabled because nothing is said of them. */
      readonly unconfiguredTypes: readonly string[];
      readonly warnings: readonly Problem[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/** A file larger than this is no configuration. */
export const configMaxBytes = 1024 * 1024;

/**
 * Reads, checks and compiles a configuration file.
 *
 * All problems come at once, with their places, in the order of the file. Reads only the file and those it names; touches no network;
 * never throws. `plugins` are the notifiers that exist, `pluginModules` where those of third parties came from.
 */
export function loadConfig(
  file: string,
  environment: Environment,
  plugins: readonly NotifierPlugin[],
  pluginModules: readonly string[] = [],
): LoadedConfig {
  const findings = new Findings(file);
  const found = readFileText(file, configMaxBytes);
  if (found.kind === 'unusable') {
    findings.problem(fileStart, '(file)', `expected a readable file of at most 1 MiB, got ${found.why}`);
    return { kind: 'invalid', ...findings.sorted() };
  }
  const root = readYaml(found.text, findings);
  if (root === undefined) return { kind: 'invalid', ...findings.sorted() };
  const keys = { ...schema, ...notifierKeys(plugins) };
  const given = collectGiven(root, new KnownNames(keys), findings);
  const settings = readSettings(keys, given, { folder: dirname(file), environment }, findings);
  const unconfiguredTypes = crossCheck(settings, plugins, findings);
  const templates = readTemplates(given.own.get('templates'), plugins, { file, environment }, findings);
  checkMode(found.mode, settings, findings);
  const sorted = findings.sorted();
  if (sorted.problems.length > 0) return { kind: 'invalid', ...sorted };
  return {
    kind: 'valid',
    config: compile(settings.values, plugins, { templates, pluginModules }),
    settings,
    unconfiguredTypes,
    warnings: sorted.warnings,
  };
}

/** A secret that stands in the file itself, for everybody to read, is worth a warning. */
export function checkMode(mode: number, settings: Settings, findings: Findings): void {
  const secret = settings.inlineSecret;
  if (secret === undefined || (mode & 0o004) === 0) return;
  const text = `a secret in a file that everybody may read (mode 0${mode.toString(8)}); expected mode 0640`;
  findings.warning(secret.place, secret.name, text);
}
