import { DeliveryError, givenUp } from '../domain/errors.js';
import type { Notification, NotificationMethod } from '../domain/notification.js';
import { unlessAborted } from '../domain/until-aborted.js';
import type { MessageTexts, Notifier, NotifierPlugin, Receipt, SendRate } from '../ports/notifier.js';
import type { Clock } from '../ports/system.js';

const usualTimeoutSeconds = 60;
/** What a notifier has beyond its own `timeout` before it is no longer waited for. */
const graceMs = 5_000;

/** A notifier that is waited for no longer than a limit, and not at all once the signal has aborted, whatever it does or answers itself. */
class LimitedNotifier implements Notifier {
  readonly relay?: string;
  readonly rate: SendRate | undefined;
  readonly #notifier: Notifier;
  readonly #clock: Clock;
  readonly #limitMs: number;

  constructor(notifier: Notifier, clock: Clock, limitMs: number) {
    if (notifier.relay !== undefined) this.relay = notifier.relay;
    this.rate = notifier.rate;
    this.#notifier = notifier;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  destinationOf(method: NotificationMethod): string {
    return this.#notifier.destinationOf(method);
  }

  async send(notification: Notification, signal: AbortSignal, texts?: MessageTexts): Promise<Receipt> {
    const limit = this.#clock.limit(this.#limitMs, signal);
    const { id, type } = notification.method;
    const ended = () =>
      limit.expired
        ? new DeliveryError(
            `the notifier ${type} did not end its send to method ${id} within ${this.#limitMs} ms; it may have acted on it`,
            { failure: 'outcome_unknown', retriable: true },
          )
        : givenUp('the send was ended before its outcome');
    // What is thrown before there is a promise is a failed send as well.
    const sending = (async () => this.#notifier.send(notification, limit.signal, texts))();
    try {
      return receiptOf(await unlessAborted(sending, limit.signal, ended));
    } finally {
      limit.clear();
    }
  }

  close(): Promise<void> {
    return this.#notifier.close();
  }
}

/** What can be used of an answer: without an error the receiver has it, and it must not be told again for want of a receipt. */
function receiptOf(answer: unknown): Receipt {
  const { remoteId, wire }: { readonly remoteId?: unknown; readonly wire?: unknown } = Object(answer);
  return {
    remoteId: typeof remoteId === 'string' ? remoteId : undefined,
    wire: typeof wire === 'string' ? wire : '',
  };
}

/**
 * The same plugin, whose notifiers hold no alarm longer than their `timeout` says and answer with a receipt: nobody has tested whether those
 * of third parties do.
 */
export function limitedPlugin(plugin: NotifierPlugin): NotifierPlugin {
  return {
    ...plugin,
    configure(section) {
      const configured = plugin.configure(section);
      if (configured.kind !== 'ready') return configured;
      const timeout = section?.timeout ?? plugin.keys.find(({ key }) => key === 'timeout')?.default;
      const limitMs = (typeof timeout === 'number' ? timeout : usualTimeoutSeconds) * 1_000 + graceMs;
      return { ...configured, open: (deps) => new LimitedNotifier(configured.open(deps), deps.clock, limitMs) };
    },
  };
}
