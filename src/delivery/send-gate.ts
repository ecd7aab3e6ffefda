import { setMaxListeners } from 'node:events';
import { DeliveryError, EngineError } from '../domain/errors.js';
import type { Notification } from '../domain/notification.js';
import type { Notifier, Receipt } from '../ports/notifier.js';
import type { LeaseView } from '../ports/ownership.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { DestinationLimit } from './destination-limit.js';

/**
 * Around every send, whatever the notifier: a valid lease, then a place at the destination, then the send.
 *
 * A lease that ends ends the sends under it at once; each waits for the next lease and begins again, under the same notification id.
 */
export class SendGate {
  readonly #lease: LeaseView;
  readonly #limit: DestinationLimit;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #joined = new WeakMap<AbortSignal, { readonly lease: AbortSignal; readonly either: AbortSignal }>();

  constructor(lease: LeaseView, limit: DestinationLimit, clock: Clock, telemetry: Telemetry) {
    this.#lease = lease;
    this.#limit = limit;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** @throws DeliveryError as the notifier does; ABORTED when `signal` aborted before there was an outcome. */
  async send(notifier: Notifier, notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const destination = notifier.destinationOf(notification.method);
    for (;;) {
      if (!this.#lease.valid()) await this.#lease.whenValid(signal);
      if (!(await this.#limit.enter(destination, signal))) throw aborted();
      try {
        if (this.#lease.valid()) return await this.#sendUnderLease(notifier, notification, signal);
      } catch (error) {
        if (signal.aborted) throw aborted();
        // Only its own lease can have ended it: it goes out again under the next one.
        if (!isAborted(error)) throw asDeliveryError(error, notification);
      } finally {
        this.#limit.leave(destination);
      }
    }
  }

  async #sendUnderLease(notifier: Notifier, notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const either = this.#join(signal);
    const startedMonoMs = this.#clock.monoMs();
    try {
      return await notifier.send(notification, either);
    } catch (error) {
      throw either.aborted && !(error instanceof DeliveryError) ? aborted() : error;
    } finally {
      const seconds = (this.#clock.monoMs() - startedMonoMs) / 1000;
      this.#telemetry.observe('send_seconds', seconds, { type: notification.method.type });
    }
  }

  /** Aborts with `signal` or with the present lease. All items of a term come with one signal: they share what is made here. */
  #join(signal: AbortSignal): AbortSignal {
    const lease = this.#lease.signal;
    const known = this.#joined.get(signal);
    if (known?.lease === lease) return known.either;
    const either = AbortSignal.any([signal, lease]);
    // One listener per send.
    setMaxListeners(0, either);
    this.#joined.set(signal, { lease, either });
    return either;
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'ABORTED';
}

function aborted(): EngineError {
  return new EngineError('ABORTED', 'the send was given up before it had an outcome', { retriable: true });
}

/** What no notifier may throw is a fault of that notifier. Its text could hold anything, so only its kind is shown. */
function asDeliveryError(error: unknown, { method }: Notification): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return new DeliveryError(`the notifier ${method.type} failed with ${kind}; report it to its maintainers`, {
    failure: 'outcome_unknown',
    retriable: true,
  });
}
