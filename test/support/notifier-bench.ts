import type { DeliveryFailure } from '../../src/domain/errors.js';
import type { Notifier, TemplatePart } from '../../src/ports/notifier.js';

/** One way in which the receiver can fail, and what the notifier makes of it. */
export interface ReceiverFault {
  readonly what: string;
  cause(): void;
  readonly failures: readonly DeliveryFailure[];
  readonly retriable: boolean;
}

/** A receiver that cannot be asked at all: what fails comes before the first request. */
export interface EarlierFault {
  readonly what: string;
  readonly address: string;
  open(timeout: number): Notifier;
  readonly failure: DeliveryFailure;
}

/** An answer that could hold up or fill a worker. */
export interface Flood {
  readonly what: string;
  cause(): void;
  readonly outcomes: readonly (DeliveryFailure | 'sent')[];
  /** How many bytes of it were taken in, buffers of the system included. */
  takenBytes(): number;
}

/** A notifier and its receiver, both real, on loopback. */
export interface NotifierBench {
  readonly type: string;
  /** Holds `canary`, wherever such an address can hold a secret. */
  readonly address: string;
  /** An address of this type is any word, such as a key of the receiver's: `canary` alone is a usable one. */
  readonly takesAnyWord?: true;
  /** Addresses that cannot be used at all. */
  readonly badAddresses: readonly string[];
  readonly faults: readonly ReceiverFault[];
  /** In phases before the first request: nothing was received, so another try is due. */
  readonly earlierFaults?: readonly EarlierFault[];
  /** Faults that only the notifier's own limit can end. */
  readonly silences: readonly ReceiverFault[];
  /** Answers that are a flood, a trickle or a bomb, and what may become of the send. */
  readonly floods: readonly Flood[];
  /** What templates can write. */
  readonly parts: readonly TemplatePart[];
  /** `timeout` is the notifier's own, in seconds. */
  open(timeout: number): Notifier;
  /** The receiver accepts everything again, and forgets what it has seen. */
  reset(): void;
  /** The ids of the notifications received since, in order. */
  receivedIds(): readonly string[];
  /** Request lines, headers and envelopes since, where no text of an alarm belongs. */
  addressed(): readonly string[];
  /** What was said since, decoded. */
  said(): string;
  /** How many requests or commands have arrived in all. */
  contactCount(): number;
  close(): Promise<void>;
}
