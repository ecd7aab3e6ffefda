import { cutToJson } from '../../domain/cut-to-json.js';
import { EngineError } from '../../domain/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { OutgoingRecord } from './producer.js';

/** The part of the producer that this folder's writers need. */
export interface RecordWriter {
  publish(topic: string, record: OutgoingRecord, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Enough for every key of a record and some words of each, far below any sensible `max.message.bytes`. */
const LONGEST_TEXT_BYTES = 200;
const MOST_BYTES = 400;

/**
 * Writes a record; one that Kafka will never take is written to the dead-letter topic instead: what `inItsPlace` gives or, where that is not
 * taken either, or there is none, the record shortened and marked.
 *
 * An alarm must not stand still for ever because its record is too large. What is cut off is still at the source position in the record.
 * @throws what `publish` throws; RECORD_REFUSED only when Kafka refuses the shortened record too.
 */
export async function writeDurably(
  to: { readonly writer: RecordWriter; readonly deadLetterTopic: string; readonly telemetry: Telemetry },
  topic: string,
  record: OutgoingRecord,
  signal: AbortSignal,
  inItsPlace?: () => OutgoingRecord,
): Promise<'written' | 'parked'> {
  const refusalBy = async (name: string, what: OutgoingRecord): Promise<EngineError | undefined> => {
    try {
      await to.writer.publish(name, what, signal);
      return undefined;
    } catch (error) {
      if (error instanceof EngineError && error.code === 'RECORD_REFUSED') return error;
      throw error;
    }
  };
  const refusal = await refusalBy(topic, record);
  if (refusal === undefined) return 'written';
  to.telemetry.event('record_refused', { topic, key: record.key, error: refusal.message });
  const instead = inItsPlace?.();
  const isParked = instead !== undefined && (await refusalBy(to.deadLetterTopic, instead)) === undefined;
  if (!isParked) await to.writer.publish(to.deadLetterTopic, shortenedRecord(instead ?? record, topic), signal);
  return 'parked';
}

/** The same record with its long texts cut; header `notification-shortened` names the topic that refused it. Pure. */
function shortenedRecord(record: OutgoingRecord, refusedBy: string): OutgoingRecord {
  const headers: Record<string, string> = { 'notification-shortened': refusedBy };
  for (const [name, text] of Object.entries(record.headers)) headers[name] = cutToJson(text, LONGEST_TEXT_BYTES);
  return { key: record.key, value: shortenedValue(record.value), headers };
}

function shortenedValue(value: string | Uint8Array): string | Uint8Array {
  if (typeof value !== 'string') return value.subarray(0, MOST_BYTES);
  const fields: unknown = JSON.parse(value);
  if (typeof fields !== 'object' || fields === null) return cutToJson(value, MOST_BYTES);
  const short = Object.entries(fields).map(([key, field]) => [key, shortenedField(field)] as const);
  return JSON.stringify({ ...Object.fromEntries(short), shortened: true });
}

function shortenedField(field: unknown): unknown {
  if (typeof field === 'string') return cutToJson(field, LONGEST_TEXT_BYTES);
  if (typeof field !== 'object' || field === null) return field;
  return Buffer.byteLength(JSON.stringify(field)) <= LONGEST_TEXT_BYTES ? field : null;
}
