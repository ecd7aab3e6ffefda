import { isAbsolute, resolve } from 'node:path';
import { Secret } from '../domain/secret.js';
import { type Environment, fillIn } from './fill-in.js';
import type { Given, GivenName } from './given.js';
import type { KeySpec, Keys, MethodOptions } from './key-spec.js';
import { expectedOf, methodOption, type ReadValue, valueOfPairs, valueOfText, valueOfTexts } from './key-values.js';
import { mayBeFile } from './known-names.js';
import type { Findings, Place } from './problem.js';
import { readFileText } from './read-file.js';
import { textForms } from './text-forms.js';
import { isNothing, type YamlEntry, type YamlNode } from './yaml-document.js';

/** Where a key was given and as what; `got` shows the value unless it is a secret, a list or a section. */
interface Whereabouts {
  readonly place: Place;
  readonly name: string;
  readonly isGiven: boolean;
  readonly got: string | undefined;
}

/** The checked value of every key, with the place and the name under which it was given. */
export interface Settings {
  readonly values: ReadonlyMap<string, unknown>;
  /** Where a key was given, or where it would belong. */
  whereIs(key: string): Whereabouts;
  /** The first secret that stands in the file itself. */
  readonly inlineSecret: { readonly place: Place; readonly name: string } | undefined;
}

/** Where relative paths start, and what `${NAME}` is looked up in. */
export interface ReadContext {
  readonly folder: string;
  readonly environment: Environment;
}

const secretFileMaxBytes = 64 * 1024;

/** Reads every key: the file's value, else the default. Everything wrong goes to `findings`; the value is then undefined. */
export function readSettings(keys: Keys, given: Given, context: ReadContext, findings: Findings): Settings {
  const reader = new SettingsReader(given, context, findings);
  const values = new Map<string, unknown>();
  for (const [key, spec] of Object.entries(keys)) values.set(key, reader.valueOf(key, spec));
  return {
    values,
    inlineSecret: reader.inlineSecret,
    whereIs(key) {
      const first = given.byKey.get(key)?.[0];
      if (first === undefined) return { place: given.placeOf(key), name: key, isGiven: false, got: undefined };
      const { node, name } = first;
      const spec = keys[key];
      const isShown = node.kind === 'scalar' && spec !== undefined && !mayBeFile(spec);
      return { place: node.at, name, isGiven: true, got: isShown ? shown(node.text) : undefined };
    },
  };
}

/** The default of a key, in the unit of the compiled configuration. */
function defaultOf(spec: KeySpec): unknown {
  if (spec.default === undefined) return undefined;
  if (spec.type === 'seconds') return Number(spec.default) * 1000;
  if (spec.type === 'method_options' || spec.type === 'schedules') return new Map();
  if (spec.type !== 'periods') return spec.default;
  const read = valueOfPairs(spec, Object.entries(spec.default));
  return 'value' in read ? read.value : undefined;
}

class SettingsReader {
  inlineSecret: Settings['inlineSecret'];
  readonly #given: Given;
  readonly #context: ReadContext;
  readonly #findings: Findings;

  constructor(given: Given, context: ReadContext, findings: Findings) {
    this.#given = given;
    this.#context = context;
    this.#findings = findings;
  }

  valueOf(key: string, spec: KeySpec): unknown {
    const all = this.#given.byKey.get(key) ?? [];
    const modern = all.filter((given) => given.kind !== 'older');
    const candidates = modern.length > 0 ? modern : all;
    const filled = candidates.filter((given) => !isNothing(given.node));
    const [first, second] = filled.length > 0 ? filled : candidates;
    if (first !== undefined && second !== undefined) {
      this.#findings.problem(second.node.at, second.name, `expected one of ${first.name} and ${second.name}, got both`);
      return undefined;
    }
    if (first !== undefined) return this.#read(first, spec);
    if (spec.required)
      this.#findings.problem(this.#given.placeOf(key), key, `expected ${expectedOf(spec)}, got nothing`);
    return defaultOf(spec);
  }

  #read(given: GivenName, spec: KeySpec): unknown {
    if (given.kind === 'file') return this.#readSecretFile(given, spec);
    const { node, name } = given;
    if (node.kind === 'scalar') {
      const text = isNothing(node) ? '' : this.#fill(node.text, given);
      if (text === undefined) return undefined;
      if (text === '') return this.#readEmpty(given, spec);
      if (mayBeFile(spec) && !node.text.includes('${')) this.inlineSecret ??= { place: node.at, name };
      if (spec.type === 'pem' || spec.type === 'secret_pem') return this.#readPem(given, spec, text);
      return this.#accept(given, spec, valueOfText(spec, text), shown(node.text));
    }
    if (spec.type === 'switch' && node.kind === 'section') {
      if (node.entries.length === 0) this.#findings.warning(node.at, name, 'an empty section is off; true is on');
      return node.entries.length > 0;
    }
    if (spec.type === 'method_options' && node.kind === 'section') return this.#readMethods(node.entries, given);
    if (spec.type === 'schedules' && node.kind === 'section') return this.#readSchedules(node.entries, given);
    const pieces = node.kind === 'list' ? this.#texts(node.items, given) : this.#pairs(node.entries, given);
    if (pieces === undefined) return undefined;
    const read = pieces.kind === 'texts' ? valueOfTexts(spec, pieces.texts) : valueOfPairs(spec, pieces.pairs);
    return this.#accept(given, spec, read, pieces.kind === 'texts' ? 'a list' : 'a section');
  }

  /** Undefined when any of them is wrong; each is told with its own place. */
  #readSchedules(entries: readonly YamlEntry[], given: GivenName): ReadonlyMap<string, string> | undefined {
    const { fits, expected } = textForms.schedule;
    const schedules = new Map<string, string>();
    for (const { key, value: node } of entries) {
      const name = `${given.name}.${key}`;
      const text = node.kind === 'scalar' ? this.#fill(node.text, { ...given, node, name }) : '';
      if (text !== undefined && fits(text)) schedules.set(key, text);
      else if (text !== undefined) {
        const got = node.kind === 'scalar' ? shown(node.text) : `a ${node.kind}`;
        this.#findings.problem(node.at, name, `expected ${expected}, got ${got}`);
      }
    }
    return schedules.size === entries.length ? schedules : undefined;
  }

  /** Undefined when anything in it is wrong; all that is wrong is told with its own place. */
  #readMethods(entries: readonly YamlEntry[], given: GivenName): ReadonlyMap<string, MethodOptions> | undefined {
    const methods = new Map<string, MethodOptions>();
    let isWhole = true;
    const wrong = (at: Place, name: string, expected: string, got: string) => {
      this.#findings.problem(at, name, `expected ${expected}, got ${got}`);
      isWhole = false;
    };
    for (const { key: id, value } of entries) {
      const name = `${given.name}.${id}`;
      if (value.kind !== 'section') {
        wrong(
          value.at,
          name,
          'a section with delivery, schedule or empty',
          value.kind === 'list' ? 'a list' : 'a text',
        );
        continue;
      }
      for (const { key: option, value: node } of value.entries) {
        const text = node.kind === 'scalar' ? this.#fill(node.text, { ...given, node, name: `${name}.${option}` }) : '';
        const read = text === undefined ? undefined : methodOption(option, text);
        if (read === undefined) isWhole = false;
        else if ('value' in read) methods.set(id, { ...methods.get(id), ...(read.value as MethodOptions) });
        else
          wrong(
            node.at,
            `${name}.${option}`,
            read.expected,
            node.kind === 'scalar' ? shown(node.text) : `a ${node.kind}`,
          );
      }
    }
    return isWhole ? methods : undefined;
  }

  #readEmpty(given: GivenName, spec: KeySpec): unknown {
    if (spec.optional || spec.emptyIsOff) return undefined;
    if (spec.type === 'list' || spec.type === 'periods') return [];
    if (spec.type === 'schedules' || spec.type === 'method_options') return new Map();
    if (spec.type === 'switch') return false;
    const isQuoted = given.node.kind === 'scalar' && !isNothing(given.node);
    if (spec.type === 'secret' && spec.emptyAllowed && isQuoted) return new Secret('');
    this.#findings.problem(given.node.at, given.name, `expected ${expectedOf(spec)}, got nothing`);
    return undefined;
  }

  #accept(given: GivenName, spec: KeySpec, read: ReadValue, got: string): unknown {
    if ('value' in read) return read.value;
    const words = mayBeFile(spec) && given.node.kind === 'scalar' ? 'something else' : got;
    this.#findings.problem(given.node.at, given.name, `expected ${read.expected}, got ${words}`);
    return undefined;
  }

  #readSecretFile(given: GivenName, spec: KeySpec): unknown {
    const { node, name } = given;
    const path = node.kind === 'scalar' && !isNothing(node) ? this.#fill(node.text, given) : '';
    if (path === undefined) return undefined;
    if (path === '') {
      if (spec.optional) return undefined;
      this.#findings.problem(node.at, name, 'expected the path of a file, got nothing');
      return undefined;
    }
    const file = readFileText(this.#path(path), secretFileMaxBytes);
    if (file.kind === 'text') return this.#accept(given, spec, valueOfText(spec, file.text.replace(/\r?\n$/, '')), '');
    this.#findings.problem(node.at, name, `expected a readable file, got ${JSON.stringify(path)} (${file.why})`);
    return undefined;
  }

  #readPem(given: GivenName, spec: KeySpec, text: string): unknown {
    if (text.includes('-----BEGIN ')) return spec.type === 'pem' ? text : new Secret(text);
    const file = readFileText(this.#path(text), secretFileMaxBytes);
    if (file.kind === 'text' && file.text.includes('-----BEGIN ')) {
      return spec.type === 'pem' ? file.text : new Secret(file.text);
    }
    const why = file.kind === 'text' ? 'a file without PEM text' : file.why;
    this.#findings.problem(given.node.at, given.name, `expected ${expectedOf(spec)}, got ${why}`);
    return undefined;
  }

  #texts(items: readonly YamlNode[], given: GivenName): { kind: 'texts'; texts: string[] } | undefined {
    const texts: string[] = [];
    for (const item of items) {
      const text = item.kind === 'scalar' ? this.#fill(item.text, given) : '';
      if (text === undefined) return undefined;
      texts.push(text);
    }
    return { kind: 'texts', texts };
  }

  #pairs(
    entries: readonly { key: string; value: YamlNode }[],
    given: GivenName,
  ): { kind: 'pairs'; pairs: [string, string][] } | undefined {
    const pairs: [string, string][] = [];
    for (const { key, value } of entries) {
      const text = value.kind === 'scalar' ? this.#fill(value.text, given) : '';
      if (text === undefined) return undefined;
      pairs.push([key, text]);
    }
    return { kind: 'pairs', pairs };
  }

  #fill(text: string, given: GivenName): string | undefined {
    const filled = fillIn(text, this.#context.environment);
    if ('text' in filled) return filled.text;
    this.#findings.problem(given.node.at, given.name, `expected ${filled.expected}`);
    return undefined;
  }

  #path(path: string): string {
    return isAbsolute(path) ? path : resolve(this.#context.folder, path);
  }
}

/** A value as it stands in the file, shortened, without the login of a URL. What the environment filled in is not shown. */
function shown(written: string): string {
  const colon = written.indexOf(':');
  const at = written.lastIndexOf('@');
  const masked = colon >= 0 && colon < at ? `<redacted>${written.slice(at)}` : written;
  const short = masked.length > 60 ? `${masked.slice(0, 60)}…` : masked;
  return `${JSON.stringify(short)}${written.includes('${') ? ' once filled in' : ''}`;
}
