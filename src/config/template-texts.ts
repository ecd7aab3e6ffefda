import { dirname, isAbsolute, resolve } from 'node:path';
import { type MessagePart, messageParts, type NotifierPlugin } from '../ports/notifier.js';
import type { TemplateText } from './config.js';
import { type Environment, fillIn } from './fill-in.js';
import { oneOf } from './key-values.js';
import type { Findings } from './problem.js';
import { readFileText } from './read-file.js';
import { isNothing, type YamlEntry, type YamlNode } from './yaml-document.js';

const templateMaxBytes = 128 * 1024;

/**
 * Reads the section `templates`: type, then parts (`subject`, or `subject_file` with a path from here), and `methods` with parts by name.
 *
 * The texts are not understood here. Everything wrong goes to `findings`; what nobody knows is warned of and left out.
 */
export function readTemplates(
  section: YamlNode | undefined,
  plugins: readonly NotifierPlugin[],
  context: { readonly file: string; readonly environment: Environment },
  findings: Findings,
): readonly TemplateText[] {
  const reader = new TemplateReader(context.file, context.environment, findings);
  const types = plugins.filter(({ parts = [] }) => parts.length > 0);
  for (const entry of reader.entriesOf(section, 'templates')) {
    const plugin = types.find(({ type }) => type === entry.key.toLowerCase());
    if (plugin === undefined) reader.unknown(entry, 'templates', `type with templates: ${oneOf(types.map(nameOf))}`);
    else reader.readType(plugin, entry);
  }
  return reader.texts;
}

function nameOf({ type }: NotifierPlugin): string {
  return type;
}

class TemplateReader {
  readonly texts: TemplateText[] = [];
  readonly #file: string;
  readonly #environment: Environment;
  readonly #findings: Findings;

  constructor(file: string, environment: Environment, findings: Findings) {
    this.#file = file;
    this.#environment = environment;
    this.#findings = findings;
  }

  /** What is below a name; nothing, and a problem, where there is no section. */
  entriesOf(node: YamlNode | undefined, name: string): readonly YamlEntry[] {
    if (node === undefined || isNothing(node)) return [];
    if (node.kind === 'section') return node.entries;
    this.#findings.problem(node.at, name, `expected a section, got a ${node.kind === 'list' ? 'list' : 'text'}`);
    return [];
  }

  unknown({ key, keyAt }: YamlEntry, section: string, known: string): void {
    this.#findings.warning(keyAt, `${section}.${key}`, `ignored, no ${known}`);
  }

  readType(plugin: NotifierPlugin, { key, value }: YamlEntry): void {
    const section = `templates.${key}`;
    for (const entry of this.entriesOf(value, section)) {
      if (entry.key !== 'methods') this.#readPart(plugin, undefined, section, entry);
      else {
        const methods = `${section}.methods`;
        for (const method of this.entriesOf(entry.value, methods)) {
          const name = `${methods}.${method.key}`;
          for (const part of this.entriesOf(method.value, name)) this.#readPart(plugin, method.key, name, part);
        }
      }
    }
  }

  #readPart(plugin: NotifierPlugin, method: string | undefined, section: string, entry: YamlEntry): void {
    const known = (plugin.parts ?? []).map(({ part }) => part);
    const isFile = entry.key.endsWith('_file');
    const part = partOf(isFile ? entry.key.slice(0, -'_file'.length) : entry.key);
    if (part === undefined || !known.includes(part)) {
      this.unknown(entry, section, `part of ${plugin.type}: ${oneOf(known)}, or one of these with _file`);
      return;
    }
    const key = `${section}.${entry.key}`;
    const given = this.#textOf(entry, key);
    if (given === undefined) return;
    const about = { type: plugin.type, method, part, key };
    if (this.texts.some((one) => one.type === plugin.type && one.method === method && one.part === part)) {
      this.#findings.problem(entry.keyAt, key, `expected ${part} once, got it again`);
    } else if (isFile) this.#readFile(entry, about, given);
    else this.texts.push({ ...about, text: given, file: this.#file, ...entry.value.at });
  }

  #textOf({ value }: YamlEntry, key: string): string | undefined {
    if (value.kind !== 'scalar' || isNothing(value)) {
      this.#findings.problem(
        value.at,
        key,
        `expected a text, got ${value.kind === 'scalar' ? 'nothing' : `a ${value.kind}`}`,
      );
      return undefined;
    }
    const filled = fillIn(value.text, this.#environment);
    if ('text' in filled) return filled.text;
    this.#findings.problem(value.at, key, `expected ${filled.expected}`);
    return undefined;
  }

  #readFile(entry: YamlEntry, about: Pick<TemplateText, 'type' | 'method' | 'part' | 'key'>, path: string): void {
    const file = isAbsolute(path) ? path : resolve(dirname(this.#file), path);
    const found = readFileText(file, templateMaxBytes);
    if (found.kind === 'text') this.texts.push({ ...about, text: found.text, file, line: 1, column: 1 });
    else {
      this.#findings.problem(
        entry.value.at,
        about.key,
        `expected a readable file, got ${JSON.stringify(path)} (${found.why})`,
      );
    }
  }
}

function partOf(name: string): MessagePart | undefined {
  return messageParts.find((part) => part === name);
}
