import type { Alarm } from '../../domain/alarm.js';
import { statusChangeText } from '../../domain/status-change.js';
import type { DigestIntake, FoldedInto } from '../../ports/flow.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type RecordWriter, writeDurably } from './durable-write.js';

/** Publishes alarms as `AlarmStatusChanged` with their method, keyed by user. The writer is closed by whoever made it. */
export class KafkaDigestIntake implements DigestIntake {
  readonly #writer: RecordWriter;
  readonly #topics: { readonly status: string; readonly deadLetter: string };
  readonly #telemetry: Telemetry;

  constructor(
    writer: RecordWriter,
    topics: { readonly status: string; readonly deadLetter: string },
    telemetry: Telemetry,
  ) {
    this.#writer = writer;
    this.#topics = topics;
    this.#telemetry = telemetry;
  }

  async fold(alarm: Alarm, folded: FoldedInto, signal: AbortSignal): Promise<void> {
    const { status: topic, deadLetter: deadLetterTopic } = this.#topics;
    const record = { key: alarm.tenantId, value: statusChangeText(alarm, folded), headers: {} };
    await writeDurably({ writer: this.#writer, deadLetterTopic, telemetry: this.#telemetry }, topic, record, signal);
  }
}
