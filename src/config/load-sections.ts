import { dirname } from 'node:path';
import { compile } from './compile.js';
import type { Config } from './config.js';
import type { Environment } from './fill-in.js';
import { collectGiven } from './given.js';
import type { KeySpec, Keys } from './key-spec.js';
import { KnownNames } from './known-names.js';
import { configMaxBytes } from './load.js';
import { Findings, fileStart, type Problem } from './problem.js';
import { readFileText } from './read-file.js';
import { schema } from './schema.js';
import { readSettings, type Settings } from './settings.js';
import { readYaml } from './yaml-document.js';

/** A configuration of which only what was asked for is to be used, or all that is wrong with that. */
export type LoadedSections =
  | { readonly kind: 'valid'; readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/** Reads the keys of one section. Without `isRequired` a key that is missing is no problem. */
type ReadSection = (section: string, isRequired: boolean) => Settings;

/** Who asks: `choose` reads the sections that are needed, and may find more that is wrong; `mode` is that of the file. */
export interface SectionsWanted {
  readonly environment: Environment;
  /** The file is the usual one and nobody named it; without it every default is in force. */
  readonly mayBeMissing: boolean;
  choose(read: ReadSection, findings: Findings, mode: number): void;
}

/** Reads some sections of a configuration file, for programs that run without an engine. Nothing else of it is judged. Never throws. */
export function loadSections(file: string, { environment, mayBeMissing, choose }: SectionsWanted): LoadedSections {
  const findings = new Findings(file);
  const found = readFileText(file, configMaxBytes);
  if (found.kind === 'unusable' && !mayBeMissing) {
    findings.problem(fileStart, '(file)', `expected a readable file of at most 1 MiB, got ${found.why}`);
    return { kind: 'invalid', ...findings.sorted() };
  }
  const root = readYaml(found.kind === 'text' ? found.text : '{}', findings);
  if (root === undefined) return { kind: 'invalid', ...findings.sorted() };
  const given = collectGiven(root, new KnownNames(schema), findings);
  const values = new Map<string, unknown>();
  const read: ReadSection = (section, isRequired) => {
    const settings = readSettings(keysOf(section, isRequired), given, { folder: dirname(file), environment }, findings);
    for (const [key, value] of settings.values) values.set(key, value);
    return settings;
  };
  choose(read, findings, found.kind === 'text' ? found.mode : 0);
  const { problems, warnings } = findings.sorted();
  // The settings of notifiers are the engine's affair; their names are known to their plugins, which are not loaded here.
  const sorted = { problems, warnings: warnings.filter(({ key }) => !key.startsWith('notification_types.')) };
  if (sorted.problems.length > 0) return { kind: 'invalid', ...sorted };
  return {
    kind: 'valid',
    config: compile(values, [], { templates: [], pluginModules: [] }),
    warnings: sorted.warnings,
  };
}

function keysOf(section: string, isRequired: boolean): Keys {
  const keys = Object.entries<KeySpec>(schema).filter(([key]) => key.startsWith(`${section}.`));
  if (isRequired) return Object.fromEntries(keys);
  return Object.fromEntries(keys.map(([key, { required: _, ...spec }]) => [key, spec as KeySpec]));
}
