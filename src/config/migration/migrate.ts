import { dirname } from 'node:path';
import type { NotifierPlugin } from '../../ports/notifier.js';
import { enabledTypesOf, sectionsOf } from '../compile.js';
import { crossCheck } from '../cross-checks.js';
import type { Environment } from '../fill-in.js';
import { collectGiven, type Given } from '../given.js';
import type { KeySpec, Keys } from '../key-spec.js';
import { KnownNames } from '../known-names.js';
import { Findings, fileStart, type Problem } from '../problem.js';
import { readFileText } from '../read-file.js';
import { revealedSections } from '../revealed.js';
import { notifierKeys, schema } from '../schema.js';
import { readSettings, type Settings } from '../settings.js';
import { isNothing, readYaml, type YamlNode } from '../yaml-document.js';
import { looksLikeIni, readIni } from './ini-document.js';
import { namedToday } from './ini-names.js';
import { leftOutBecause, notCarriedOverBecause } from './left-out.js';
import { entriesOfYaml, type OldEntry, treeOf } from './old-entry.js';
import { type YamlLine, yamlText } from './yaml-text.js';

export type Migrated =
  | { readonly kind: 'migrated'; readonly text: string }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

const fileMaxBytes = 1024 * 1024;

/**
 * Writes an old configuration, YAML of 2014 or later or the final INI file, as one of today that means the same.
 *
 * Everything wrong comes at once, with its place in the old file. What has no counterpart becomes a comment that says why. Secrets stay
 * what they were, in the text, or in the files and variables that the old file names. Never throws.
 */
export function migrate(file: string, environment: Environment, plugins: readonly NotifierPlugin[]): Migrated {
  const findings = new Findings(file);
  const keys: Keys = { ...schema, ...notifierKeys(plugins) };
  const names = new KnownNames(keys);
  const old = oldEntries(file, names, findings);
  if (old === undefined) return { kind: 'invalid', problems: findings.sorted().problems };
  const context = { folder: dirname(file), environment };
  const { entries, notes } = withoutUnconfigured(old.entries, (candidates) => {
    const trial = new Findings(file);
    const given = collectGiven(treeOf(candidates), names, trial);
    return unconfigured(readSettings(keys, given, context, trial), plugins);
  });
  const given = collectGiven(treeOf(entries), names, findings);
  const settings = readSettings(keys, given, context, findings);
  crossCheck(settings, plugins, findings);
  const { problems } = findings.sorted();
  if (problems.length > 0) return { kind: 'invalid', problems };
  const added = new Set(entries.filter(({ isAdded }) => isAdded).map(({ name }) => name));
  const lines = Object.entries(keys).flatMap(([key, spec]) => lineOf(key, spec, { given, settings, added, notes }));
  const text = [...headOf(file, old.isIni, entries), '', yamlText(lines), ...tailOf(entries, names)].join('\n');
  return { kind: 'migrated', text };
}

interface Old {
  readonly entries: readonly OldEntry[];
  readonly isIni: boolean;
}

function oldEntries(file: string, names: KnownNames, findings: Findings): Old | undefined {
  const found = readFileText(file, fileMaxBytes);
  if (found.kind === 'unusable') {
    findings.problem(fileStart, '(file)', `expected a readable file of at most 1 MiB, got ${found.why}`);
    return undefined;
  }
  if (looksLikeIni(found.text)) {
    const options = readIni(found.text, findings);
    return findings.problems.length > 0 ? undefined : { entries: namedToday(options, findings), isIni: true };
  }
  const root = readYaml(found.text, findings);
  return root === undefined ? undefined : { entries: entriesOfYaml(root, names), isIni: false };
}

/** Types that are enabled by name and lack what they need today would stop the engine: they wait in a comment. */
function withoutUnconfigured(
  entries: readonly OldEntry[],
  find: (entries: readonly OldEntry[]) => ReadonlyMap<string, string>,
): { entries: readonly OldEntry[]; notes: readonly string[] } {
  const missing = find(entries);
  const isKept = (item: YamlNode) => item.kind !== 'scalar' || !missing.has(item.text.toLowerCase());
  const kept = entries.map((entry) => {
    if (entry.name !== 'notification_types.enabled' || entry.value.kind !== 'list') return entry;
    return { ...entry, value: { ...entry.value, items: entry.value.items.filter(isKept) } };
  });
  return { entries: kept, notes: [...missing].map(([type, why]) => `Without ${type}, which was enabled: ${why}.`) };
}

function unconfigured(settings: Settings, plugins: readonly NotifierPlugin[]): ReadonlyMap<string, string> {
  const asked = settings.values.get('notification_types.enabled') as readonly string[] | undefined;
  const missing = new Map<string, string>();
  if (asked === undefined) return missing;
  const sections = revealedSections(sectionsOf(settings.values, plugins));
  const enabled = enabledTypesOf(asked, plugins);
  for (const plugin of plugins.filter(({ type }) => enabled.includes(type))) {
    const configured = plugin.configure(sections[plugin.type]);
    if (configured.kind === 'unconfigured') missing.set(plugin.type, configured.detail);
  }
  if (asked.some((type) => type.toLowerCase() === 'hipchat')) missing.set('hipchat', 'the service is gone');
  return missing;
}

interface Around {
  readonly given: Given;
  readonly settings: Settings;
  readonly added: ReadonlySet<string>;
  /** About notification_types.enabled. */
  readonly notes: readonly string[];
}

function lineOf(key: string, spec: KeySpec, { given, settings, added, notes }: Around): readonly YamlLine[] {
  const all = given.byKey.get(key) ?? [];
  const said =
    all.find(({ node, kind }) => kind !== 'older' && !isNothing(node)) ?? all.find(({ node }) => !isNothing(node));
  const isOff = said === undefined && all.length > 0 && spec.emptyIsOff === true;
  if (notCarriedOverBecause(key) !== undefined || (said === undefined && !isOff)) return [];
  const node: YamlNode = said?.node ?? { kind: 'scalar', at: fileStart, text: '', plain: true };
  // A switch that is a section is on because of the keys below it.
  if (spec.type === 'switch' && node.kind === 'section') return [];
  const value = settings.values.get(key);
  const isWord = spec.type === 'boolean' || spec.type === 'switch' || spec.type === 'choice';
  const written: YamlNode = isWord ? { kind: 'scalar', at: node.at, text: String(value), plain: false } : node;
  const comment = [
    ...(added.has(key) ? ['The default of the old engine; the new one has another.'] : []),
    ...(key === 'notification_types.enabled' ? notes : []),
    ...commentOn(key, settings),
  ];
  return [{ name: said?.kind === 'file' ? `${key}_file` : key, value: written, comment }];
}

function commentOn(key: string, settings: Settings): readonly string[] {
  const section = 'notification_types.email';
  const hasLogin = ['user', 'password'].every((name) => settings.values.get(`${section}.${name}`) !== undefined);
  if (key === `${section}.user` && hasLogin && !settings.whereIs(`${section}.starttls`).isGiven) {
    return [
      'The old engine logged in without TLS. The new one asks for STARTTLS first and refuses a relay that has none,',
      'unless starttls is set to never here.',
    ];
  }
  return [];
}

function headOf(file: string, isIni: boolean, entries: readonly OldEntry[]): readonly string[] {
  const has = (start: string) => entries.some(({ name }) => name.startsWith(start));
  const positions =
    '# Positions of the old engine lie in its Kafka group: see mon-notification offsets set --from-group.';
  const networks = '# Notifications by HTTP reach public addresses only: name others in http.allow.';
  return [
    `# Written by mon-notification migrate from ${JSON.stringify(file)}.`,
    '# It may hold passwords: mode 0640 and the group of the engine.',
    ...(isIni ? [positions] : []),
    ...(has('notification_types.') && !has('http.allow') ? [networks] : []),
  ];
}

function tailOf(entries: readonly OldEntry[], names: KnownNames): readonly string[] {
  const left = entries.flatMap(({ name, original, keyAt }) => {
    const reason = leftOutBecause(name, names);
    return reason === undefined ? [] : [`#   ${oneLine(original)} (line ${keyAt.line}): ${reason}`];
  });
  return left.length === 0 ? [''] : ['', '', '# Without counterpart, and left out:', ...left, ''];
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
