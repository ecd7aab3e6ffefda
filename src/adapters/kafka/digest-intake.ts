import type { Alarm } from '../../domain/alarm.js';
import { changeOfAlarm } from '../../domain/event-facts.js';
import type { DigestIntake, FoldedInto } from '../../ports/flow.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type RecordWriter, writeDurably } from './durable-write.js';

const words = { OK: 'CLEARED', WARNING: 'WARNING', CRITICAL: 'CRITICAL' } as const;

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

  async fold(alarm: Alarm, { methodId, status }: FoldedInto, signal: AbortSignal): Promise<void> {
    const { alarmId, alarmName, tenantId, event } = alarm;
    const change = {
      AlarmID: alarmId,
      AlarmName: alarmName,
      UserID: tenantId,
      MethodID: methodId,
      Status: words[status],
      ChangedAt: changeOfAlarm(alarm).text,
      ...(event?.sequence === undefined ? {} : { Sequence: event.sequence }),
    };
    const { status: topic, deadLetter: deadLetterTopic } = this.#topics;
    const record = { key: tenantId, value: JSON.stringify(change), headers: {} };
    await writeDurably({ writer: this.#writer, deadLetterTopic, telemetry: this.#telemetry }, topic, record, signal);
  }
}
