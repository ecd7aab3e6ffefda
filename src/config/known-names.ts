import type { KeySpec, Keys } from './key-spec.js';
import { ownSections, type RetiredKey, retiredKeys } from './keys/retired-keys.js';
import { nearestName } from './nearest.js';

/** What a name in a file stands for. `file`: the name of a file that holds the secret. `own`: a section with a reader of its own. */
export type Known =
  | { readonly kind: 'value' | 'file' | 'older'; readonly key: string; readonly spec: KeySpec }
  | { readonly kind: 'retired'; readonly retired: RetiredKey }
  | { readonly kind: 'own' };

/** True for keys that may be given as `<key>_file`. */
export function mayBeFile(spec: KeySpec): boolean {
  return spec.type === 'secret' || spec.type === 'secret_pem';
}

/** Every name that a file may contain: keys, their other names, the `_file` names of secrets, and what is retired. */
export class KnownNames {
  readonly #names = new Map<string, Known>();
  readonly #sections = new Map<string, Set<string>>();

  constructor(keys: Keys) {
    for (const [key, spec] of Object.entries(keys)) {
      for (const name of [key, ...(spec.also ?? [])]) {
        this.#add(name, { kind: 'value', key, spec });
        if (mayBeFile(spec)) this.#add(`${name}_file`, { kind: 'file', key, spec });
      }
      if (spec.older !== undefined) this.#add(spec.older, { kind: 'older', key, spec });
    }
    for (const retired of retiredKeys) this.#add(retired.name, { kind: 'retired', retired });
    for (const name of ownSections) this.#add(name, { kind: 'own' });
  }

  /** The meaning of a name, or of the whole old section that it belongs to. */
  find(name: string): Known | undefined {
    return this.#names.get(name);
  }

  /** The old section that covers a name which has no meaning of its own. */
  findCovering(name: string): Known | undefined {
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const covering = this.#names.get(`${name.slice(0, dot)}.*`);
      if (covering !== undefined) return covering;
    }
    return undefined;
  }

  isSection(name: string): boolean {
    return this.#sections.has(name);
  }

  /** A known name that looks like `name`: among its neighbours first, then among all. */
  nearest(name: string): string | undefined {
    const dot = name.lastIndexOf('.');
    const section = name.slice(0, Math.max(dot, 0));
    const neighbour = nearestName(name.slice(dot + 1), this.#sections.get(section) ?? []);
    if (neighbour !== undefined) return section === '' ? neighbour : `${section}.${neighbour}`;
    return nearestName(name, this.#names.keys());
  }

  #add(name: string, known: Known): void {
    this.#names.set(name, known);
    let child = name;
    while (child !== '') {
      const dot = child.lastIndexOf('.');
      const section = child.slice(0, Math.max(dot, 0));
      const children = this.#sections.get(section) ?? new Set();
      const last = child.slice(dot + 1);
      if (last !== '*') children.add(last);
      this.#sections.set(section, children);
      child = section;
    }
  }
}
