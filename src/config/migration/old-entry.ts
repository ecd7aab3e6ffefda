import type { KnownNames } from '../known-names.js';
import type { Place } from '../problem.js';
import type { YamlEntry, YamlNode, YamlSection } from '../yaml-document.js';

/** One setting of an old file under the dotted name that it has, or would have, today. */
export interface OldEntry {
  readonly name: string;
  /** The name as the old file writes it. */
  readonly original: string;
  readonly keyAt: Place;
  readonly value: YamlNode;
  /** Not in the file: the old engine's default, where it is another than ours. */
  readonly isAdded: boolean;
}

/** The settings of a YAML file: every leaf, and what is known as one value although it is a section, such as periods. */
export function entriesOfYaml(root: YamlSection, names: KnownNames): readonly OldEntry[] {
  const entries: OldEntry[] = [];
  const walk = (section: YamlSection, prefix: string): void => {
    for (const { key, keyAt, value } of section.entries) {
      const name = prefix === '' ? key : `${prefix}.${key}`;
      const known = names.find(name);
      const isWhole = known?.kind === 'value' && known.spec.type !== 'switch';
      if (value.kind === 'section' && value.entries.length > 0 && !isWhole) walk(value, name);
      else entries.push({ name, original: name, keyAt, value, isAdded: false });
    }
  };
  walk(root, '');
  return [...entries, ...ofLateYaml(entries)];
}

/** From 2015 on the figures had the names of the later generation; these keys are in its files and in no others. */
function ofLateYaml(entries: readonly OldEntry[]): readonly OldEntry[] {
  const isLate = entries.some(({ name }) => /^(database\.|zookeeper\.(notification|periodic)_)/.test(name));
  const name = 'statsd.names';
  if (!isLate || entries.some((entry) => entry.name === name)) return [];
  const at = { line: 1, column: 1 };
  return [
    { name, original: name, keyAt: at, value: { kind: 'scalar', at, text: 'monasca', plain: false }, isAdded: true },
  ];
}

/** The tree that such a list of settings would be read from. */
export function treeOf(entries: readonly OldEntry[]): YamlSection {
  const root: Growing = { kind: 'section', at: { line: 1, column: 1 }, entries: [] };
  for (const { name, keyAt, value } of entries) {
    const parts = name.split('.');
    const last = parts.pop() ?? name;
    let section = root;
    for (const part of parts) section = childOf(section, part, keyAt);
    section.entries.push({ key: last, keyAt, value });
  }
  return root;
}

type Growing = Omit<YamlSection, 'entries'> & { readonly entries: YamlEntry[] };

function childOf(section: Growing, key: string, keyAt: Place): Growing {
  const present = section.entries.find((entry) => entry.key === key)?.value;
  if (present?.kind === 'section') return present as Growing;
  const child: Growing = { kind: 'section', at: keyAt, entries: [] };
  section.entries.push({ key, keyAt, value: child });
  return child;
}
