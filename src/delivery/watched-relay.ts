import { DeliveryError, type DeliveryFailure } from '../domain/errors.js';
import type { Notification } from '../domain/notification.js';
import type { MessageTexts, Notifier, Receipt, SendRate } from '../ports/notifier.js';
import type { Clock } from '../ports/system.js';

/** Who is told how the relay does: what readiness and the drain at a stop look at. */
export interface RelaySeen {
  answered(system: string): void;
  failed(system: string, failure: string): void;
}

/** Failures that say nothing of the mail or its recipient, only that the relay is not there. */
const silences: readonly DeliveryFailure[] = ['unreachable', 'timed_out', 'outcome_unknown'];
const silenceLimitMs = 3_000;
const lookEveryMs = 500;

/**
 * A notifier whose sends all go through one relay, and that tells when this relay falls silent.
 *
 * A relay that hangs would show only when the first send runs out of time, a minute later: so sends under way without any answer for 3 s
 * count as silence too.
 */
class WatchedRelay implements Notifier {
  readonly relay: string;
  readonly rate: SendRate | undefined;
  readonly #notifier: Notifier;
  readonly #name: string;
  readonly #seen: RelaySeen;
  readonly #clock: Clock;
  readonly #stopLooking: () => void;
  #underWayCount = 0;
  #silentSinceMonoMs = 0;

  /** `type` names the relay in what is told: `email relay`. */
  constructor(notifier: Notifier, about: { type: string; relay: string }, seen: RelaySeen, clock: Clock) {
    this.relay = about.relay;
    this.rate = notifier.rate;
    this.#notifier = notifier;
    this.#name = `${about.type} relay`;
    this.#seen = seen;
    this.#clock = clock;
    this.#stopLooking = clock.every(lookEveryMs, () => this.#look());
  }

  destinationOf(method: Notification['method']): string {
    return this.#notifier.destinationOf(method);
  }

  async send(notification: Notification, signal: AbortSignal, texts?: MessageTexts): Promise<Receipt> {
    if (this.#underWayCount === 0) this.#silentSinceMonoMs = this.#clock.monoMs();
    this.#underWayCount += 1;
    try {
      const receipt = await this.#notifier.send(notification, signal, texts);
      this.#answered();
      return receipt;
    } catch (error) {
      if (error instanceof DeliveryError && silences.includes(error.failure)) this.#failed(error.message);
      else if (error instanceof DeliveryError && error.wire !== undefined) this.#answered();
      throw error;
    } finally {
      this.#underWayCount -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stopLooking();
    await this.#notifier.close();
  }

  #look(): void {
    const silentMs = this.#clock.monoMs() - this.#silentSinceMonoMs;
    if (this.#underWayCount > 0 && silentMs > silenceLimitMs)
      this.#failed(`${this.relay} has not answered for ${Math.floor(silentMs / 1000)} s`);
  }

  #answered(): void {
    this.#silentSinceMonoMs = this.#clock.monoMs();
    this.#seen.answered(this.#name);
  }

  #failed(failure: string): void {
    this.#seen.failed(this.#name, failure);
  }
}

/** The same notifiers; those that send through one relay tell how it does. */
export function watchRelays(
  notifiers: ReadonlyMap<string, Notifier>,
  seen: RelaySeen,
  clock: Clock,
): ReadonlyMap<string, Notifier> {
  return new Map(
    [...notifiers].map(([type, notifier]) => {
      const { relay } = notifier;
      return [type, relay === undefined ? notifier : new WatchedRelay(notifier, { type, relay }, seen, clock)];
    }),
  );
}
