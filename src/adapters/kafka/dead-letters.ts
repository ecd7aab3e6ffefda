import type { DeadLetter } from '../../domain/outcome.js';
import { encodeDeadLetter } from '../../domain/outcome-record.js';
import type { DeadLetters } from '../../ports/flow.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type RecordWriter, writeDurably } from './durable-write.js';

/** Parks raw input on the dead-letter topic. The writer is closed by whoever made it. */
export class KafkaDeadLetters implements DeadLetters {
  readonly #writer: RecordWriter;
  readonly #topic: string;
  readonly #instance: string;
  readonly #telemetry: Telemetry;

  constructor(writer: RecordWriter, deadLetterTopic: string, deps: { instance: string; telemetry: Telemetry }) {
    this.#writer = writer;
    this.#topic = deadLetterTopic;
    this.#instance = deps.instance;
    this.#telemetry = deps.telemetry;
  }

  async park(letter: DeadLetter, signal: AbortSignal): Promise<void> {
    const to = { writer: this.#writer, deadLetterTopic: this.#topic, telemetry: this.#telemetry };
    await writeDurably(to, this.#topic, encodeDeadLetter(letter, this.#instance), signal);
    this.#telemetry.count('dead_letters_total', { reason: letter.reason });
  }
}
