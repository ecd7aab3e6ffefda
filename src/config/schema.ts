import type { NotifierPlugin, SectionKey } from '../ports/notifier.js';
import type { KeySpec, Keys } from './key-spec.js';
import { digestKeys } from './keys/digest-keys.js';
import { engineKeys } from './keys/engine-keys.js';
import { outsideKeys } from './keys/outside-keys.js';

/** Every key of the engine's own, with default, bounds and description. The notifiers bring theirs. */
export const schema = { ...outsideKeys, ...engineKeys, ...digestKeys } as const satisfies Keys;

/** Public name of a key of a notifier's section. */
export function sectionKeyName(type: string, key: string): string {
  return `notification_types.${type}.${key}`;
}

/** The keys of the notifiers' sections. Their defaults are filled in by the notifiers; `email.*` is the name of 2014. */
export function notifierKeys(plugins: readonly NotifierPlugin[]): Keys {
  const keys: Record<string, KeySpec> = {};
  for (const { type, keys: sectionKeys } of plugins) {
    for (const key of sectionKeys) {
      const also = type === 'email' ? { also: [`email.${key.key}`] } : {};
      keys[sectionKeyName(type, key.key)] = { ...specOf(key), ...also };
    }
  }
  return keys;
}

function specOf(key: SectionKey): KeySpec {
  const common = { optional: true, description: key.description } as const;
  switch (key.type) {
    case 'whole':
    case 'number':
    case 'seconds': {
      const bounds = { minimum: key.minimum ?? 0, maximum: key.maximum ?? Number.MAX_SAFE_INTEGER };
      return { type: key.type, ...bounds, ...common };
    }
    case 'choice':
      return { type: 'choice', choices: key.choices ?? [], ...common };
    case 'secret':
      return { type: 'secret', emptyAllowed: true, ...common };
    case 'text':
    case 'boolean':
      return { type: key.type, ...common };
    default:
      return key.type satisfies never;
  }
}
