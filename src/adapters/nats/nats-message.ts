import type { JsMsg } from '@nats-io/jetstream';
import type { MessageForm, TakenMessage } from '../../ports/digest.js';
import { commandSubject, statusSubject } from './streams.js';

/** A message as it came from NATS. `finish` acknowledges it; without JetStream there is nothing to acknowledge. */
export interface NatsMessage extends TakenMessage {
  finish(): void;
}

/** Which message a subject carries. */
export function formOf(subject: string): MessageForm {
  if (subject === commandSubject) return 'command';
  return subject === statusSubject ? 'status' : 'either';
}

/** The subject under which a message was published, also when a router has passed it on. */
export const routedHeader = 'Digest-Subject';

/**
 * The messages of one term that are not acknowledged yet. The server delivers a message again when it hears nothing for `ack_wait`, so it
 * hears from each of them.
 */
export class HeldMessages {
  readonly #held = new Set<JsMsg>();

  hold(message: JsMsg): NatsMessage {
    this.#held.add(message);
    const subject = message.headers?.get(routedHeader) || message.subject;
    return {
      subject,
      form: formOf(subject),
      value: message.data,
      place: `${message.info.stream}:${message.seq}`,
      isRepeated: message.redelivered,
      finish: () => {
        this.#held.delete(message);
        message.ack();
      },
    };
  }

  /** Tells the server that all of them are still worked on. */
  signalProgress(): void {
    for (const message of this.#held) message.working();
  }
}
