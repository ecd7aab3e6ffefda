import { dump } from 'js-yaml';
import { Secret } from '../domain/secret.js';
import type { NotifierPlugin } from '../ports/notifier.js';
import type { TemplateText } from './config.js';
import type { KeySpec, MethodOptions, Period } from './key-spec.js';
import { schema, sectionKeyName } from './schema.js';
import type { Settings } from './settings.js';

type Tree = { [key: string]: Tree | PublicValue };
type PublicValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | Readonly<Record<string, string | MethodOptions>>;

/**
 * The values in force under their public names, defaults included: plain data in sections, in the units of the file.
 *
 * Secrets are `<redacted>`; what is not set is null.
 */
export function effectiveTree(
  settings: Settings,
  plugins: readonly NotifierPlugin[],
  templates: readonly TemplateText[] = [],
): Tree {
  const tree: Tree = {};
  for (const [key, spec] of Object.entries<KeySpec>(schema)) {
    if (spec.type === 'switch') continue;
    const isOff = key.includes('.ssl.') && !settings.values.get(key.slice(0, key.lastIndexOf('.')));
    if (!isOff) put(tree, key, publicValue(spec, settings.values.get(key)));
  }
  for (const { type, keys } of plugins) {
    for (const { key, type: keyType, default: fallback } of keys) {
      const name = sectionKeyName(type, key);
      const value = settings.values.get(name);
      const seconds = keyType === 'seconds' && value !== undefined;
      put(tree, name, seconds ? Number(value) / 1000 : scalarOf(value ?? fallback));
    }
  }
  for (const section of ['kafka.ssl', 'mysql.ssl'] as const)
    if (!settings.values.get(section)) put(tree, section, false);
  for (const { type, method, part, text } of templates) {
    const path = method === undefined ? [type, part] : [type, 'methods', method, part];
    putAt(
      tree,
      ['templates', ...path],
      text.replaceAll('${', () => '$${'),
    );
  }
  return tree;
}

/** The values in force as YAML that, secrets aside, loads again and means the same. */
export function effectiveYaml(
  settings: Settings,
  plugins: readonly NotifierPlugin[],
  templates: readonly TemplateText[] = [],
): string {
  return dump(effectiveTree(settings, plugins, templates), { lineWidth: -1 });
}

function put(tree: Tree, key: string, value: PublicValue): void {
  putAt(tree, key.split('.'), value);
}

function putAt(tree: Tree, path: readonly string[], value: PublicValue): void {
  const last = path.at(-1) ?? '';
  let section = tree;
  for (const part of path.slice(0, -1)) {
    const next = (Object.hasOwn(section, part) ? section[part] : {}) as Tree;
    setOwn(section, part, next);
    section = next;
  }
  setOwn(section, last, value);
}

/** A method may be named `__proto__`. */
function setOwn(tree: Tree, name: string, value: Tree | PublicValue): void {
  Object.defineProperty(tree, name, { value, enumerable: true, writable: true, configurable: true });
}

function publicValue(spec: KeySpec, value: unknown): PublicValue {
  if (value === undefined) return null;
  switch (spec.type) {
    case 'seconds':
      return Number(value) / 1000;
    case 'hosts':
      return (value as readonly string[]).join(',');
    case 'list':
      return value as readonly string[];
    case 'periods':
      return Object.fromEntries((value as readonly Period[]).map(({ periodMs, topic }) => [periodMs / 1000, topic]));
    case 'schedules':
    case 'method_options':
      return Object.fromEntries(value as ReadonlyMap<string, string | MethodOptions>);
    case 'text':
    case 'secret':
    case 'pem':
    case 'secret_pem':
    case 'whole':
    case 'number':
    case 'boolean':
    case 'switch':
    case 'choice':
      return scalarOf(value);
    default:
      return spec satisfies never;
  }
}

function scalarOf(value: unknown): PublicValue {
  if (value instanceof Secret) return value.toString();
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
