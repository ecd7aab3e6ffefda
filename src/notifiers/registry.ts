import { canaryType } from '../domain/canary.js';
import { ConfigurationError } from '../domain/errors.js';
import type { Notifier, NotifierDeps, NotifierPlugin, NotifierSet } from '../ports/notifier.js';

/** What a row of `notification_method_type` can hold. */
export const notifierTypeForm = /^[a-z0-9][a-z0-9_-]{0,19}$/;

/** Plugins by type. @throws CONFIG_INVALID when two claim one type, a type is not lower case, or it is that of canaries. */
export function registerPlugins(plugins: readonly NotifierPlugin[]): ReadonlyMap<string, NotifierPlugin> {
  const byType = new Map<string, NotifierPlugin>();
  for (const plugin of plugins) {
    if (!notifierTypeForm.test(plugin.type) || plugin.type === canaryType) {
      throw new ConfigurationError('CONFIG_INVALID', `a notifier has the type ${JSON.stringify(plugin.type)}`);
    }
    if (byType.has(plugin.type)) {
      throw new ConfigurationError('CONFIG_INVALID', `two notifiers have the type ${plugin.type}`);
    }
    byType.set(plugin.type, plugin);
  }
  return byType;
}

/**
 * Opens the notifiers of one worker from their checked sections. Types in `plugins` are the enabled ones.
 * @throws CONFIG_INVALID for a section that `check-config` would have refused, or a file that it names and that cannot be read.
 */
export function openNotifiers(
  plugins: ReadonlyMap<string, NotifierPlugin>,
  sections: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>,
  deps: NotifierDeps,
): NotifierSet {
  const open = new Map<string, Notifier>();
  const unconfigured = new Map<string, string>();
  for (const [type, plugin] of plugins) {
    const configured = plugin.configure(Object.hasOwn(sections, type) ? sections[type] : undefined);
    switch (configured.kind) {
      case 'ready':
        open.set(type, configured.open(deps));
        break;
      case 'unconfigured':
        unconfigured.set(type, configured.detail);
        break;
      case 'wrong': {
        const problems = configured.problems.map(({ key, problem }) => `${key}: ${problem}`).join('; ');
        throw new ConfigurationError('CONFIG_INVALID', `notification_types.${type}: ${problems}`);
      }
      default:
        configured satisfies never;
    }
  }
  return { open, unconfigured };
}
