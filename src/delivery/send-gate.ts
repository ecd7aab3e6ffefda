import { setMaxListeners } from 'node:events';
import { DeliveryError, type EngineError, givenUp, isGivenUp } from '../domain/errors.js';
import type { Notification } from '../domain/notification.js';
import type { Notifier, Receipt } from '../ports/notifier.js';
import type { LeaseView } from '../ports/ownership.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { DestinationLimit } from './destination-limit.js';
import type { SendBreakers } from './send-breakers.js';
import type { SendPace } from './send-pace.js';

/** What became of a send: the receiver's word, or that it was not tried and should not be before `notBeforeMs`, in epoch milliseconds. */
export type SendResult = Readonly<
  { kind: 'taken'; receipt: Receipt } | { kind: 'put_off'; notBeforeMs: number; detail: string }
>;

export interface SendGateParts {
  readonly lease: LeaseView;
  readonly limit: DestinationLimit;
  readonly pace: SendPace;
  readonly breakers: SendBreakers;
  /** Sends a second to one destination; undefined: any number. */
  readonly ratePerDestination: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** Put off so often, a notification is tried whatever the breaker says: others' failures must not keep it waiting for ever. */
const mostPutOffCount = 5;
/** What was put off together comes back spread over this time. */
const spreadMs = 5_000;

/**
 * Around every send, whatever the notifier: a valid lease, then its turn under the rates, then a place at the destination, then a breaker
 * that lets it through, then the send.
 *
 * What would wait long for any of these is put off: it is no attempt, and it holds no hand that others need. A lease that ends ends the
 * sends under it at once; each waits for the next lease and begins again, under the same notification id.
 */
export class SendGate {
  readonly #parts: SendGateParts;
  readonly #joined = new WeakMap<AbortSignal, { readonly lease: AbortSignal; readonly either: AbortSignal }>();
  #sendingCount = 0;

  constructor(parts: SendGateParts) {
    this.#parts = parts;
  }

  /** @throws DeliveryError as the notifier does; ABORTED when `signal` aborted before there was an outcome. */
  async send(notifier: Notifier, notification: Notification, signal: AbortSignal): Promise<SendResult> {
    const { lease, limit, random, clock } = this.#parts;
    const destination = notifier.destinationOf(notification.method);
    const later = (waitMs: number, detail: string): SendResult => {
      return { kind: 'put_off', notBeforeMs: clock.nowMs() + Math.round(waitMs + random() * spreadMs), detail };
    };
    for (;;) {
      if (!lease.valid()) await lease.whenValid(signal);
      const waitMs = await this.#untilItsTurn(notifier, notification, destination, signal);
      if (waitMs > 0) return later(waitMs, `not tried: the rate for ${destination} is used up`);
      const entry = await limit.enter(destination, signal);
      if (entry === 'aborted') throw unsent();
      if (entry === 'put_off') return later(spreadMs, `not tried: too many sends wait for ${destination}`);
      try {
        if (!lease.valid()) continue;
        const result = await this.#sendThrough(notifier, notification, destination, signal);
        if (result.kind === 'taken') return result;
        return later(result.pauseMs, `not tried: ${destination} keeps failing and is left alone for a while`);
      } catch (error) {
        if (signal.aborted) throw unsent();
        // Only its own lease can have ended it: it goes out again under the next one.
        if (!isGivenUp(error)) throw asDeliveryError(error, notification);
      } finally {
        limit.leave(destination);
      }
    }
  }

  /** Resolves to 0 when it may go on, or to how long it would have to wait. */
  async #untilItsTurn(notifier: Notifier, notification: Notification, destination: string, signal: AbortSignal) {
    const { pace, clock, ratePerDestination } = this.#parts;
    const { rate } = notifier;
    const ofDestination = rate?.of === 'destination' ? rate.perSecond : ratePerDestination;
    const ofAddress = rate?.of === 'address' ? rate.perSecond : undefined;
    for (const [name, perSecond] of [
      [addressOf(notification), ofAddress],
      [destination, ofDestination],
    ] as const) {
      const turn = await pace.turn(name, perSecond, signal);
      if (turn.kind === 'aborted') throw unsent();
      if (turn.kind === 'put_off') return turn.notBeforeMonoMs - clock.monoMs();
    }
    return 0;
  }

  async #sendThrough(
    notifier: Notifier,
    notification: Notification,
    destination: string,
    signal: AbortSignal,
  ): Promise<Readonly<{ kind: 'taken'; receipt: Receipt } | { kind: 'wait'; pauseMs: number }>> {
    const { breakers, pace, clock, random } = this.#parts;
    const place = { destination, address: addressOf(notification), methodId: notification.method.id };
    const leave = breakers.admit(place, (notification.putOffCount ?? 0) >= mostPutOffCount);
    if (leave.kind === 'wait') {
      return { kind: 'wait', pauseMs: leave.untilMonoMs - clock.monoMs() + random() * leave.pauseMs };
    }
    try {
      const receipt = await this.#sendUnderLease(notifier, notification, signal);
      leave.ended(undefined);
      return { kind: 'taken', receipt };
    } catch (error) {
      leave.ended(error);
      if (error instanceof DeliveryError && error.retryAfterMs !== undefined) {
        pace.hold(addressOf(notification), error.retryAfterMs);
      }
      throw error;
    }
  }

  async #sendUnderLease(notifier: Notifier, notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const either = this.#join(signal);
    const { clock, telemetry } = this.#parts;
    const startedMonoMs = clock.monoMs();
    this.#sendingCount += 1;
    try {
      return await notifier.send(notification, either);
    } catch (error) {
      throw either.aborted && !(error instanceof DeliveryError) ? unsent() : error;
    } finally {
      this.#sendingCount -= 1;
      const seconds = (clock.monoMs() - startedMonoMs) / 1000;
      telemetry.observe('send_seconds', seconds, { type: notification.method.type });
    }
  }

  /** Aborts with `signal` or with the present lease. All items of a term come with one signal: they share what is made here. */
  #join(signal: AbortSignal): AbortSignal {
    const lease = this.#parts.lease.signal;
    const known = this.#joined.get(signal);
    if (known?.lease === lease) return known.either;
    const either = AbortSignal.any([signal, lease]);
    // One listener per send.
    setMaxListeners(0, either);
    // Before the sends hear of it: they are counted while they are under way.
    either.addEventListener('abort', () => this.#cutOff(signal), { once: true });
    this.#joined.set(signal, { lease, either });
    return either;
  }

  /** A lease can end here alone, when main or this process was kept from running: nobody else could tell why receivers got something twice. */
  #cutOff(signal: AbortSignal): void {
    if (signal.aborted || this.#sendingCount === 0) return;
    this.#parts.telemetry.event('sends_cut_off', { sends: this.#sendingCount });
  }
}

/** What one pause or rate of a receiver is for: a channel, a key, a URL. Kept in memory only. */
function addressOf({ method }: Notification): string {
  return `${method.type} ${method.address.reveal()}`;
}

function unsent(): EngineError {
  return givenUp('the send was given up before it had an outcome');
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
