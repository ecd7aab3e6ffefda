import { DeliveryError } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { type BreakerLimits, CircuitBreaker } from './circuit-breaker.js';

/** Leave to send, to be given back once, with what the send threw; undefined: the receiver took it. */
export interface Leave {
  readonly kind: 'send' | 'probe';
  ended(error: unknown): void;
}

export type BreakerAnswer = Leave | { readonly kind: 'wait'; readonly untilMonoMs: number; readonly pauseMs: number };

/** A label of a metric per destination, but tenants may name any number of those. */
const mostNamedCount = 100;
/** Destinations that have failed and were not heard of again: a tenant's row is all it takes to make one. */
const mostKeptCount = 10_000;

/**
 * One breaker per destination, each from the first failure until the destination answers.
 *
 * Each worker has its own: what one of them learns costs the others five failures at most, and no message between processes decides over
 * sending. A success, and a refusal that the receiver understood, says that the destination is there.
 */
export class DestinationBreakers {
  readonly #limits: BreakerLimits;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(limits: BreakerLimits, clock: Clock, telemetry: Telemetry) {
    this.#limits = limits;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** `isOverdue`: it was put off so often that it goes out whatever the breaker says. */
  admit(destination: string, isOverdue: boolean): BreakerAnswer {
    const admission = this.#breakers.get(destination)?.admit(this.#clock.monoMs()) ?? { kind: 'send' as const };
    if (admission.kind === 'wait' && !isOverdue) return admission;
    const kind = admission.kind === 'wait' ? 'send' : admission.kind;
    return { kind, ended: (error) => this.#ended(destination, kind, error) };
  }

  /** The destinations to which nothing is sent at present, at most 100, and how many more there are. */
  open(): { readonly named: readonly string[]; readonly moreCount: number } {
    const all = [...this.#breakers].filter(([, breaker]) => breaker.isOpen).map(([destination]) => destination);
    return { named: all.slice(0, mostNamedCount), moreCount: Math.max(0, all.length - mostNamedCount) };
  }

  /** Destinations that something is remembered of. */
  get size(): number {
    return this.#breakers.size;
  }

  #ended(destination: string, kind: Leave['kind'], error: unknown): void {
    if (error === undefined || (error instanceof DeliveryError && hasAnswered(error))) this.#succeeded(destination);
    else if (error instanceof DeliveryError && error.scope === 'destination') this.#failed(destination, kind, error);
    else this.#breakers.get(destination)?.abandoned(kind);
  }

  #succeeded(destination: string): void {
    const breaker = this.#breakers.get(destination);
    if (breaker === undefined) return;
    this.#breakers.delete(destination);
    if (breaker.succeeded()) this.#telemetry.event('breaker_closed', { destination });
  }

  #failed(destination: string, kind: Leave['kind'], error: DeliveryError): void {
    const breaker = this.#breakers.get(destination) ?? new CircuitBreaker(this.#limits);
    // Put at the end: the first one is the one that failed longest ago.
    this.#breakers.delete(destination);
    this.#breakers.set(destination, breaker);
    if (breaker.failed(kind, this.#clock.monoMs())) {
      const probe_after_ms = breaker.pauseMs;
      this.#telemetry.event('breaker_opened', {
        destination,
        failure: error.failure,
        error: error.message,
        probe_after_ms,
      });
    }
    for (const oldest of this.#breakers.keys()) {
      if (this.#breakers.size <= mostKeptCount) return;
      this.#breakers.delete(oldest);
    }
  }
}

/** The receiver spoke: whatever it said of this notification, others may be taken. What never reached it says nothing. */
function hasAnswered(error: DeliveryError): boolean {
  return error.scope === 'notification' && error.wire !== undefined;
}
