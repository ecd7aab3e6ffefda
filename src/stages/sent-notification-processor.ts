import { messageOfPayload, sourceOfPayload } from '../domain/codec.js';
import type { SettledAlarm, StageOutcome } from '../domain/outcome.js';
import type { AlarmPosition } from '../domain/position.js';
import type { DeadLetters, Publisher, Stage } from '../ports/flow.js';

/** Publishes the outcome of every method of an alarm; once all are acknowledged nothing is left to do for it. */
export class SentNotificationProcessor implements Stage<SettledAlarm, never> {
  readonly name = 'sent_notification_processor';
  readonly #publisher: Publisher;
  readonly #deadLetters: DeadLetters;

  constructor(publisher: Publisher, deadLetters: DeadLetters) {
    this.#publisher = publisher;
    this.#deadLetters = deadLetters;
  }

  async process(alarm: SettledAlarm, signal: AbortSignal): Promise<StageOutcome<never>> {
    await this.#publisher.publish(alarm, signal);
    return { kind: 'finish', reason: 'recorded' };
  }

  /** Parks an item that was in the hands of two workers that died. Its payload is not parsed: it may do so again. */
  async quarantine(position: AlarmPosition, payload: string, signal: AbortSignal): Promise<StageOutcome<never>> {
    const detail = 'two workers died while they held this item';
    const source = sourceOfPayload(position, payload);
    await this.#deadLetters.park(
      { position: source, reason: 'killed_workers', raw: messageOfPayload(payload), detail },
      signal,
    );
    return { kind: 'finish', reason: 'quarantined' };
  }

  async close(): Promise<void> {
    await this.#publisher.close();
  }
}
