import { recordsInside } from '../../domain/digest-notification.js';
import type { OutcomeRecord, SettledAlarm } from '../../domain/outcome.js';
import { encodeOutcomeRecord, encodeShortDeadRecord, encodeWaitingRepeat } from '../../domain/outcome-record.js';
import type { Publisher } from '../../ports/flow.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type RecordWriter, writeDurably } from './durable-write.js';
import { WriteRoom } from './write-room.js';

export interface OutputTopics {
  readonly notificationTopic: string;
  readonly notificationRetryTopic: string;
  readonly deadLetterTopic: string;
}

/** So much may be encoded and not acknowledged: the methods of one alarm may be thousands, and each record holds the whole alarm. */
const mostBytes = 16 * 1024 * 1024;

/** One message, and the record that it is made of. */
interface Message {
  readonly topic: string;
  readonly record: OutcomeRecord;
  /** Until when it waits for its next repeat; undefined: it says what the outcome is. */
  readonly dueAtMs?: number;
}

/**
 * Writes the outcome records of an alarm, each to the topic of its outcome, as many at a time as there is room for; what is to be repeated
 * also to the topic on which it waits. A repeat that failed waits for the next one only there: it is no retry.
 */
export class KafkaPublisher implements Publisher {
  readonly #writer: RecordWriter;
  readonly #topics: OutputTopics;
  readonly #instance: string;
  readonly #telemetry: Telemetry;
  readonly #room = new WriteRoom(mostBytes);

  constructor(writer: RecordWriter, topics: OutputTopics, deps: { instance: string; telemetry: Telemetry }) {
    this.#writer = writer;
    this.#topics = topics;
    this.#instance = deps.instance;
    this.#telemetry = deps.telemetry;
  }

  async publish(alarm: SettledAlarm, signal: AbortSignal): Promise<void> {
    const writes: Promise<void>[] = [];
    try {
      for (const record of alarm.records.flatMap((one) => [one, ...recordsInside(one)])) {
        for (const message of this.#messagesOf(record)) {
          while (this.#room.isFull) await this.#room.change(signal);
          const write = this.#write(message, signal);
          // One that fails is heard of at the end, which may be long after.
          write.catch(() => {});
          writes.push(write);
        }
      }
    } finally {
      await Promise.all(writes);
    }
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }

  #messagesOf(record: OutcomeRecord): readonly Message[] {
    const { nextRepeat, outcome } = record;
    const said = { topic: this.#topicOf(record), record };
    if (nextRepeat === undefined) return [said];
    const waiting = { topic: nextRepeat.topic, record, dueAtMs: nextRepeat.dueAtMs };
    return outcome === 'retrying' ? [waiting] : [waiting, said];
  }

  async #write({ topic, record, dueAtMs }: Message, signal: AbortSignal): Promise<void> {
    const message =
      dueAtMs === undefined
        ? encodeOutcomeRecord(record, this.#instance)
        : encodeWaitingRepeat(record, dueAtMs, this.#instance);
    // Nothing waits on the dead-letter topic: what may not wait is dead, whatever it was before.
    const dead = dueAtMs !== undefined || record.outcome === 'retrying' ? refusedRecord(record, topic) : record;
    const parked = dead.outcome === 'dead' ? () => encodeShortDeadRecord(dead, this.#instance) : undefined;
    const to = { writer: this.#writer, deadLetterTopic: this.#topics.deadLetterTopic, telemetry: this.#telemetry };
    const end = await this.#room.during(Buffer.byteLength(message.value), () =>
      writeDurably(to, topic, message, signal, parked),
    );
    const isDead = dead.outcome === 'dead' && (end === 'parked' || dead === record);
    if (isDead) this.#telemetry.count('dead_letters_total', { reason: dead.reason });
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

/** What becomes of a record that had to wait on a topic that does not take it. */
function refusedRecord(record: OutcomeRecord, topic: string): Extract<OutcomeRecord, { outcome: 'dead' }> {
  const { notification, history } = record;
  const before = 'detail' in record && record.detail !== undefined ? `; before that: ${record.detail}` : '';
  const detail = `topic ${topic} refused the record in which it was to wait; raise its max.message.bytes${before}`;
  return { notification, history, outcome: 'dead', reason: 'refused', detail };
}
