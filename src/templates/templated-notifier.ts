import type { Notification, NotificationMethod } from '../domain/notification.js';
import type { Notifier, Receipt, SendRate } from '../ports/notifier.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { TemplateSet } from './template-set.js';

/** A notifier whose texts come from templates. A template that fails costs its own part only: the built-in text goes out, and it is told. */
class TemplatedNotifier implements Notifier {
  readonly rate: SendRate | undefined;
  readonly #notifier: Notifier;
  readonly #templates: TemplateSet;
  readonly #telemetry: Telemetry;

  constructor(notifier: Notifier, templates: TemplateSet, telemetry: Telemetry) {
    this.rate = notifier.rate;
    this.#notifier = notifier;
    this.#templates = templates;
    this.#telemetry = telemetry;
  }

  destinationOf(method: NotificationMethod): string {
    return this.#notifier.destinationOf(method);
  }

  send(notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const { texts, failures } = this.#templates.render(notification);
    for (const { part, failure } of failures) {
      this.#telemetry.event('template_failed', {
        method_type: notification.method.type,
        part,
        problem: failure.message,
        notification_id: notification.id,
      });
    }
    return this.#notifier.send(notification, signal, texts);
  }

  close(): Promise<void> {
    return this.#notifier.close();
  }
}

/** The same notifiers; those of types with templates write their texts with them. */
export function withTemplates(
  notifiers: ReadonlyMap<string, Notifier>,
  templates: TemplateSet,
  telemetry: Telemetry,
): ReadonlyMap<string, Notifier> {
  return new Map(
    [...notifiers].map(([type, notifier]) => {
      return [type, templates.has(type) ? new TemplatedNotifier(notifier, templates, telemetry) : notifier];
    }),
  );
}
