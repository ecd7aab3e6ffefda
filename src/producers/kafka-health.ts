import { EngineError, isGivenUp, messageOf } from '../domain/errors.js';
import type { PublishEvent } from './event-sink.js';

/**
 * Why Kafka takes no events at present, as far as a producer can know: from the events themselves, and from questions while there are none.
 *
 * While an event could not be published only a published one shows that it is over: brokers that answer may still lack replicas or rights.
 */
export class KafkaHealth {
  #problem: string | undefined = 'Kafka has not answered yet';
  #isStuck = false;

  /** Undefined while Kafka does what is asked. */
  get problem(): string | undefined {
    return this.#problem;
  }

  answered(): void {
    if (!this.#isStuck) this.#problem = undefined;
  }

  failed(problem: string): void {
    this.#problem = problem;
  }

  /** The same publishing, listened to. */
  listenTo(publish: PublishEvent): PublishEvent {
    return async (message, signal) => {
      try {
        await publish(message, signal);
      } catch (error) {
        this.#unpublished(error);
        throw error;
      }
      this.#isStuck = false;
      this.#problem = undefined;
    };
  }

  #unpublished(error: unknown): void {
    // That one is at fault itself; others get through.
    if (error instanceof EngineError && error.code === 'RECORD_REFUSED') return;
    this.#isStuck = true;
    if (!isGivenUp(error)) this.#problem = messageOf(error);
  }
}
