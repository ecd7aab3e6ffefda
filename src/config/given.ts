import type { KnownNames } from './known-names.js';
import { type Findings, fileStart, type Place } from './problem.js';
import { isNothing, type YamlEntry, type YamlNode, type YamlSection } from './yaml-document.js';

/** A name that stands in the file. */
export interface GivenName {
  readonly name: string;
  readonly kind: 'value' | 'file' | 'older';
  readonly node: YamlNode;
}

/** What a file says, by key, not yet read; with the places of its sections. */
export interface Given {
  readonly byKey: ReadonlyMap<string, readonly GivenName[]>;
  /** What stands under the sections with a reader of their own. */
  readonly own: ReadonlyMap<string, YamlNode>;
  /** Where the section of a key begins; the nearest outer one when it is missing. */
  placeOf(name: string): Place;
}

/** Looking for the nearest name takes time, and nobody reads more hints than these. */
const maxHintCount = 100;

/** Walks the file once: sorts what is known by key, and reports what is unknown, retired, or no section where one belongs. */
export function collectGiven(root: YamlSection, names: KnownNames, findings: Findings): Given {
  const walk = new Walk(names, findings);
  walk.section(root, '');
  return {
    byKey: walk.byKey,
    own: walk.own,
    placeOf(name) {
      for (let dot = name.length; dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
        const place = walk.sections.get(name.slice(0, dot));
        if (place !== undefined) return place;
      }
      return fileStart;
    },
  };
}

class Walk {
  readonly byKey = new Map<string, GivenName[]>();
  readonly own = new Map<string, YamlNode>();
  readonly sections = new Map<string, Place>();
  readonly #names: KnownNames;
  readonly #findings: Findings;
  readonly #noticed = new Set<string>();
  #hintCount = 0;

  constructor(names: KnownNames, findings: Findings) {
    this.#names = names;
    this.#findings = findings;
  }

  section(section: YamlSection, prefix: string): void {
    for (const entry of section.entries) this.#entry(entry, prefix === '' ? entry.key : `${prefix}.${entry.key}`);
  }

  #entry(entry: YamlEntry, name: string): void {
    // A dot inside one key would look like a section and its key.
    const isDotted = entry.key.includes('.');
    const known = isDotted ? undefined : this.#names.find(name);
    const isSection = !isDotted && this.#names.isSection(name);
    if (isSection) this.sections.set(name, entry.keyAt);
    if (known !== undefined && this.#known(known, entry, name)) return;
    if (isSection) {
      this.#inside(entry, name);
      return;
    }
    const covering = this.#names.findCovering(name);
    if (covering === undefined) this.#unknown(entry, name);
    else this.#known(covering, entry, name);
  }

  /** True when nothing is left to look at below this name. */
  #known(known: NonNullable<ReturnType<KnownNames['find']>>, entry: YamlEntry, name: string): boolean {
    switch (known.kind) {
      case 'value':
      case 'file':
      case 'older':
        this.#given(known.key, { name, kind: known.kind, node: entry.value });
        return !(known.spec.type === 'switch' && entry.value.kind === 'section');
      case 'own':
        this.own.set(name, entry.value);
        return true;
      case 'retired': {
        const { refuses, notice, name: pattern } = known.retired;
        const text = entry.value.kind === 'scalar' && !isNothing(entry.value) ? entry.value.text : '';
        const expected = refuses?.(text);
        if (expected !== undefined && text !== '') {
          this.#findings.problem(entry.value.at, name, `expected ${expected}, got another value`);
        } else if (!this.#noticed.has(pattern)) {
          this.#findings.warning(entry.keyAt, pattern.endsWith('.*') ? pattern.slice(0, -2) : name, notice);
        }
        this.#noticed.add(pattern);
        return true;
      }
      default:
        return known satisfies never;
    }
  }

  #given(key: string, given: GivenName): void {
    this.byKey.set(key, [...(this.byKey.get(key) ?? []), given]);
  }

  #inside(entry: YamlEntry, name: string): void {
    if (entry.value.kind === 'section') this.section(entry.value, name);
    else if (!isNothing(entry.value)) {
      const got = entry.value.kind === 'list' ? 'a list' : 'a text';
      this.#findings.problem(entry.value.at, name, `expected a section, got ${got}`);
    }
  }

  #unknown(entry: YamlEntry, name: string): void {
    this.#hintCount += 1;
    const nearest = this.#hintCount > maxHintCount ? undefined : this.#names.nearest(name);
    const hint = nearest === undefined ? '' : `; the nearest known one is ${nearest}`;
    this.#findings.warning(entry.keyAt, name, `unknown key, ignored${hint}`);
  }
}
