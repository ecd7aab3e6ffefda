import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../domain/errors.js';
import type { NotifierPlugin } from '../ports/notifier.js';
import type { Clock } from '../ports/system.js';
import { limitedPlugin } from './limited-plugin.js';
import { notifierToolkit } from './toolkit.js';

/** A module of notifiers, loaded, or what is wrong with it in words for people. */
export type ThirdParty =
  | { readonly kind: 'loaded'; readonly url: string; readonly plugins: readonly NotifierPlugin[] }
  | { readonly kind: 'unusable'; readonly problem: string }
  /** A class path of the ancestor, such as `package.module:Class`. */
  | { readonly kind: 'skipped' };

/** Import and making of the plugins together; neither can be ended, only left behind. */
const loadLimitMs = 10_000;

/** Where a module is: relative to `folder`, else among the packages that can be seen from there, else among ours. */
function urlOf(name: string, folder: string): string {
  if (name.startsWith('file:')) return name;
  try {
    return pathToFileURL(createRequire(join(folder, 'here.js')).resolve(name)).href;
  } catch (error) {
    if (name.startsWith('.')) throw error;
    return pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
  }
}

function isPlugin(value: unknown): value is NotifierPlugin {
  if (typeof value !== 'object' || value === null) return false;
  const { type, keys, configure } = value as Partial<NotifierPlugin>;
  return typeof type === 'string' && Array.isArray(keys) && typeof configure === 'function';
}

const noFunction = Symbol('no function');

/** What the module's default export returns; `noFunction` where that is none. */
async function made(url: string): Promise<unknown> {
  const module: unknown = await import(url);
  const make: unknown = typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined;
  return typeof make === 'function' ? ((await make(notifierToolkit)) as unknown) : noFunction;
}

async function madeWithin(url: string, clock: Clock): Promise<unknown> {
  const limit = clock.limit(loadLimitMs);
  const late = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener('abort', () => reject(new Error(`it did not load within ${loadLimitMs / 1000} s`)));
  });
  try {
    return await Promise.race([made(url), late]);
  } finally {
    limit.clear();
  }
}

/**
 * Loads the notifiers of one module: its default export is a function that is given the toolkit and returns a plugin, or several.
 *
 * The module's code runs, in this process and with its rights; nothing is opened. Never throws.
 */
export async function loadThirdParty(name: string, folder: string, clock: Clock): Promise<ThirdParty> {
  if (/^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(name) && !name.startsWith('file:')) return { kind: 'skipped' };
  let url: string;
  try {
    url = urlOf(name, folder);
  } catch {
    return { kind: 'unusable', problem: `no such module, looked for from ${folder}` };
  }
  try {
    const returned = await madeWithin(url, clock);
    if (returned === noFunction) return { kind: 'unusable', problem: 'a module without a function as default export' };
    const plugins: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
    if (plugins.length === 0 || !plugins.every(isPlugin)) {
      return { kind: 'unusable', problem: 'a module whose default export returns no plugin: type, keys, configure' };
    }
    return { kind: 'loaded', url, plugins: plugins.filter(isPlugin).map(limitedPlugin) };
  } catch (error) {
    return { kind: 'unusable', problem: `a module that fails to load: ${messageOf(error)}` };
  }
}
