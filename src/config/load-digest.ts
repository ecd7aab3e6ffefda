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
import { readSettings } from './settings.js';
import { readYaml } from './yaml-document.js';

/** What the digest uses of the configuration. `kafka` and `zookeeper` hold what was asked for with `needsKafka` only. */
export type DigestView = Pick<Config, 'digest' | 'kafka' | 'zookeeper' | 'log'>;

export type LoadedDigest =
  | { readonly kind: 'valid'; readonly config: DigestView; readonly warnings: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/**
 * Reads what the digest needs of a configuration file, and nothing else of it: on NATS it runs without the engine's Kafka and MySQL.
 *
 * `mayBeMissing`: the file is the usual one and nobody named it; without it every default is in force. Never throws.
 */
export function loadDigestConfig(
  file: string,
  environment: Environment,
  { mayBeMissing, needsKafka }: { readonly mayBeMissing: boolean; readonly needsKafka: (transport: string) => boolean },
): LoadedDigest {
  const findings = new Findings(file);
  const found = readFileText(file, configMaxBytes);
  if (found.kind === 'unusable' && !mayBeMissing) {
    findings.problem(fileStart, '(file)', `expected a readable file of at most 1 MiB, got ${found.why}`);
    return { kind: 'invalid', ...findings.sorted() };
  }
  const root = readYaml(found.kind === 'text' ? found.text : '{}', findings);
  if (root === undefined) return { kind: 'invalid', ...findings.sorted() };
  const given = collectGiven(root, new KnownNames(schema), findings);
  const context = { folder: dirname(file), environment };
  const own = readSettings(keysOf(['digest', 'log'], false), given, context, findings);
  const withKafka = needsKafka(String(own.values.get('digest.transport')));
  const outside = withKafka ? readSettings(keysOf(['kafka', 'zookeeper'], true), given, context, findings) : undefined;
  const { problems, warnings } = findings.sorted();
  // The settings of notifiers are the engine's affair; their names are known to their plugins, which are not loaded here.
  const sorted = { problems, warnings: warnings.filter(({ key }) => !key.startsWith('notification_types.')) };
  if (sorted.problems.length > 0) return { kind: 'invalid', ...sorted };
  const config = compile(new Map([...own.values, ...(outside?.values ?? [])]), [], {
    templates: [],
    pluginModules: [],
  });
  return { kind: 'valid', config, warnings: sorted.warnings };
}

function keysOf(sections: readonly string[], isRequired: boolean): Keys {
  const keys = Object.entries<KeySpec>(schema).filter(([key]) => sections.includes(key.slice(0, key.indexOf('.'))));
  if (isRequired) return Object.fromEntries(keys);
  return Object.fromEntries(keys.map(([key, { required: _, ...spec }]) => [key, spec as KeySpec]));
}
