import { DeliveryError } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { type Admission, type BreakerLimits, CircuitBreaker } from './circuit-breaker.js';

/** Where a send goes. `address` is told to nobody. */
export interface SendPlace {
  readonly destination: string;
  readonly address: string;
  readonly methodId: string;
}

/** Leave to send, to be given back once, with what the send threw; undefined: the receiver took it. */
export interface Leave {
  readonly kind: 'leave';
  ended(error: unknown): void;
}

type Waiting = Extract<Admission, { kind: 'wait' }>;
type Kind = Exclude<Admission, Waiting>['kind'];
interface Kept {
  readonly breaker: CircuitBreaker;
  readonly destination: string;
}

interface Failed {
  readonly key: string;
  readonly kind: Kind;
  readonly scope: 'address' | 'destination';
  /** Which address, where only the number of those counts. */
  readonly from?: string;
}

/** A label of a metric per destination, but tenants may name any number of those. */
const mostNamedCount = 100;
/** What has failed and was not heard of again: a tenant's row is all it takes to make one. */
const mostKeptCount = 10_000;

/**
 * A breaker for each address and one for each destination, from the first failure until there is an answer.
 *
 * What is wrong with one address opens its own breaker, and that of the destination only when it is so for five addresses in a row: one
 * tenant's broken hook is no reason to leave the host alone that others use too. What is wrong with the way there opens the destination's.
 * Each worker has its own: what one learns costs the others five failures at most, and no message between processes decides over sending.
 */
export class SendBreakers {
  readonly #limits: BreakerLimits;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #kept = new Map<string, Kept>();

  constructor(limits: BreakerLimits, clock: Clock, telemetry: Telemetry) {
    this.#limits = limits;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** `isOverdue`: it was put off so often that it goes out whatever the breakers say. */
  admit(place: SendPlace, isOverdue: boolean): Leave | Waiting {
    const ofAddress = this.#admit(addressKey(place), isOverdue);
    if (typeof ofAddress === 'object') return ofAddress;
    const ofDestination = this.#admit(destinationKey(place), isOverdue);
    if (typeof ofDestination === 'object') {
      this.#kept.get(addressKey(place))?.breaker.abandoned(ofAddress);
      return ofDestination;
    }
    return { kind: 'leave', ended: (error) => this.#ended(place, ofAddress, ofDestination, error) };
  }

  /** The destinations where nothing, or nothing for some address, is sent at present: at most 100, and how many more there are. */
  open(): { readonly named: readonly string[]; readonly moreCount: number } {
    const open = [...this.#kept.values()].filter(({ breaker }) => breaker.isOpen);
    const all = [...new Set(open.map(({ destination }) => destination))];
    return { named: all.slice(0, mostNamedCount), moreCount: Math.max(0, all.length - mostNamedCount) };
  }

  /** Addresses and destinations that something is remembered of. */
  get size(): number {
    return this.#kept.size;
  }

  #admit(key: string, isOverdue: boolean): Kind | Waiting {
    const admission = this.#kept.get(key)?.breaker.admit(this.#clock.monoMs()) ?? { kind: 'send' as const };
    if (admission.kind === 'wait') return isOverdue ? 'send' : admission;
    return admission.kind;
  }

  #ended(place: SendPlace, ofAddress: Kind, ofDestination: Kind, error: unknown): void {
    if (error === undefined || (error instanceof DeliveryError && hasAnswered(error))) {
      this.#succeeded(addressKey(place), place, 'address');
      this.#succeeded(destinationKey(place), place, 'destination');
    } else if (!(error instanceof DeliveryError) || error.scope === 'notification') {
      this.#kept.get(addressKey(place))?.breaker.abandoned(ofAddress);
      this.#kept.get(destinationKey(place))?.breaker.abandoned(ofDestination);
    } else if (error.scope === 'address') {
      this.#failed(place, error, { key: addressKey(place), kind: ofAddress, scope: 'address' });
      const from = place.address;
      this.#failed(place, error, { key: destinationKey(place), kind: ofDestination, scope: 'destination', from });
    } else {
      this.#kept.get(addressKey(place))?.breaker.abandoned(ofAddress);
      this.#failed(place, error, { key: destinationKey(place), kind: ofDestination, scope: 'destination' });
    }
  }

  #succeeded(key: string, { destination, methodId }: SendPlace, scope: 'address' | 'destination'): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    if (kept.breaker.succeeded()) this.#telemetry.event('breaker_closed', { destination, scope, method_id: methodId });
  }

  #failed({ destination, methodId }: SendPlace, { failure, message }: DeliveryError, of: Failed): void {
    const { key, kind, scope, from } = of;
    const kept = this.#kept.get(key) ?? { breaker: new CircuitBreaker(this.#limits), destination };
    // Put at the end: the first one is the one that failed longest ago.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (kept.breaker.failed(kind, this.#clock.monoMs(), from)) {
      const probe_after_ms = kept.breaker.pauseMs;
      const cause = { failure, error: message, probe_after_ms };
      this.#telemetry.event('breaker_opened', { destination, scope, method_id: methodId, ...cause });
    }
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKeptCount) return;
      this.#kept.delete(oldest);
    }
  }
}

function addressKey({ address }: SendPlace): string {
  return `a ${address}`;
}

function destinationKey({ destination }: SendPlace): string {
  return `d ${destination}`;
}

/** The receiver spoke, so others may be taken, whatever it said of this one. What never reached it says nothing. */
function hasAnswered({ scope, wire }: DeliveryError): boolean {
  return scope === 'notification' && wire !== undefined;
}
