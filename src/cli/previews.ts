import { revealedSections } from '../config/revealed.js';
import type { Notification } from '../domain/notification.js';
import { templateValues } from '../notifiers/template-values.js';
import type { PreviewPiece } from '../ports/notifier.js';
import { spentProcessorMs } from '../runtime/clock.js';
import { TemplateSet } from '../templates/template-set.js';
import type { Valid } from './configuration.js';

/** What an alarm would be told as: the texts as they would go on the wire, after every limit, without address and credentials. */
export interface Preview {
  readonly type: string;
  /** In order, such as `subject`, `text`, `html`, or `body` as JSON. */
  readonly pieces: readonly PreviewPiece[];
  /** The parts that have a template; with `failure` where the built-in text stands in for it. */
  readonly templates: readonly { readonly part: string; readonly failure: string | undefined }[];
}

/** The templates of one type, compiled. */
export function templateSetOf({ config, plugins }: Pick<Valid, 'config' | 'plugins'>, type: string): TemplateSet {
  return new TemplateSet(
    config.templates.filter((one) => one.type === type),
    {
      spentMs: spentProcessorMs,
      partsOf: () => plugins.find((plugin) => plugin.type === type)?.parts ?? [],
      valuesOf: templateValues,
    },
  );
}

/** The texts for one notification, or why its type can tell nobody. Connects to nothing. */
export function previewOf(
  loaded: Valid,
  notification: Notification,
): Preview | { readonly type: string; readonly missing: string } {
  const { config, plugins } = loaded;
  const { type } = notification.method;
  const plugin = plugins.find((one) => one.type === type);
  if (plugin === undefined || !config.enabledTypes.includes(type)) {
    return { type, missing: 'no notifier of this type is enabled; see notification_types.enabled' };
  }
  const configured = plugin.configure(revealedSections(config.notifierSections)[type]);
  if (configured.kind === 'unconfigured') return { type, missing: configured.detail };
  if (configured.kind === 'wrong' || configured.preview === undefined) {
    return { type, missing: `the notifier ${type} shows no preview` };
  }
  const { texts, failures } = templateSetOf(loaded, type).render(notification);
  const written = Object.keys(texts).map((part) => ({ part, failure: undefined }));
  const failed = failures.map(({ part, failure }) => ({ part, failure: failure.message }));
  return { type, pieces: configured.preview(notification, texts), templates: [...written, ...failed] };
}
