import { recordsInside } from '../../domain/digest-notification.js';
import type { OutcomeRecord, SettledAlarm } from '../../domain/outcome.js';
import { encodeOutcomeRecord, encodeWaitingRepeat } from '../../domain/outcome-record.js';
import type { Publisher } from '../../ports/flow.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type RecordWriter, writeDurably } from './durable-write.js';

export interface OutputTopics {
  readonly notificationTopic: string;
  readonly notificationRetryTopic: string;
  readonly deadLetterTopic: string;
}

/**
 * Writes the outcome records of an alarm, each to the topic of its outcome, all at once; what is to be repeated also to the topic on which it
 * waits. A repeat that failed waits for the next one only there: it is no retry.
 */
export class KafkaPublisher implements Publisher {
  readonly #writer: RecordWriter;
  readonly #topics: OutputTopics;
  readonly #instance: string;
  readonly #telemetry: Telemetry;

  constructor(writer: RecordWriter, topics: OutputTopics, deps: { instance: string; telemetry: Telemetry }) {
    this.#writer = writer;
    this.#topics = topics;
    this.#instance = deps.instance;
    this.#telemetry = deps.telemetry;
  }

  async publish(alarm: SettledAlarm, signal: AbortSignal): Promise<void> {
    await Promise.all(
      alarm.records
        .flatMap((record) => [record, ...recordsInside(record)])
        .map((record) => this.#publish(record, signal)),
    );
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }

  async #publish(record: OutcomeRecord, signal: AbortSignal): Promise<void> {
    const { nextRepeat, outcome } = record;
    const to = { writer: this.#writer, deadLetterTopic: this.#topics.deadLetterTopic, telemetry: this.#telemetry };
    const writes: Promise<void>[] = [];
    if (nextRepeat !== undefined) {
      const waiting = encodeWaitingRepeat(record, nextRepeat.dueAtMs, this.#instance);
      writes.push(writeDurably(to, nextRepeat.topic, waiting, signal));
    }
    if (nextRepeat === undefined || outcome !== 'retrying') {
      writes.push(writeDurably(to, this.#topicOf(record), encodeOutcomeRecord(record, this.#instance), signal));
    }
    await Promise.all(writes);
    if (record.outcome === 'dead') this.#telemetry.count('dead_letters_total', { reason: record.reason });
  }

  #topicOf(record: OutcomeRecord): string {
    switch (record.outcome) {
      case 'sent':
      case 'superseded':
      case 'expired':
      case 'digested':
        return this.#topics.notificationTopic;
      case 'retrying':
        return this.#topics.notificationRetryTopic;
      case 'dead':
        return this.#topics.deadLetterTopic;
      default:
        return record satisfies never;
    }
  }
}
