import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import { parseOutcomeRecord } from '../domain/parse-outcome-record.js';
import { parsePlace, placeText } from '../domain/position.js';
import { alarmEvent, type HistoryEvent, outputEvent } from './history-event.js';

/** What is looked for; undefined: everything. */
export interface Wanted {
  readonly alarmId: string | undefined;
  readonly methodId: string | undefined;
  /** A notification, an alarm, an event of a producer, or the place of a message. */
  readonly id: string | undefined;
}

/**
 * Finds what happened: fed with the output topics first and the alarm topic last, so that the alarms of what was found are found too.
 *
 * Keeps the newest `capacity` events. A record that does not hold the wanted text anywhere is not parsed.
 */
export class HistorySearch {
  readonly #wanted: Wanted;
  readonly #capacity: number;
  /** Texts of which every record that is meant holds each. */
  readonly #needles: readonly Buffer[];
  readonly #isNarrow: boolean;
  readonly #sources = new Set<string>();
  #events: HistoryEvent[] = [];
  #isCut = false;

  constructor(wanted: Wanted, capacity: number) {
    this.#wanted = wanted;
    this.#capacity = capacity;
    const texts = [wanted.alarmId, wanted.methodId, wanted.id].filter((text) => text !== undefined);
    this.#isNarrow = texts.length > 0;
    // A place stands in a record in three pieces.
    this.#needles = texts.filter((text) => parsePlace(text) === undefined).map(needleOf);
  }

  sawOutput(record: RawRecord): void {
    if (!this.#mayMatch(record)) return;
    const event = outputEvent(record);
    if (event === undefined || !this.#matches(event, record)) return;
    this.#sources.add(event.source);
    this.#keep(event);
  }

  sawAlarm(record: RawRecord): void {
    const { alarmId, methodId, id } = this.#wanted;
    const place = placeText(record);
    const isSource = this.#sources.has(place) || place === id;
    const text = alarmId ?? id;
    const isFit = methodId === undefined && (text === undefined || bytesOf(record).includes(needleOf(text)));
    const isReplay = record.headers['notification-source'] !== undefined;
    const event = isSource || isFit || isReplay ? alarmEvent(record) : undefined;
    if (event === undefined) return;
    const isOurs = isSource || this.#sources.has(event.source);
    if (isOurs || (methodId === undefined && this.#isAlarm(event))) this.#keep(event);
  }

  /** In the order of time. */
  get events(): readonly HistoryEvent[] {
    return this.#newest();
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  #isAlarm(event: HistoryEvent): boolean {
    const { alarmId, id } = this.#wanted;
    return (alarmId === undefined || alarmId === event.alarmId) && (id === undefined || isNamed(event, id));
  }

  #matches(event: HistoryEvent, record: RawRecord): boolean {
    const { methodId, id } = this.#wanted;
    if (this.#isNarrow && event.alarmId === undefined && event.methodId === undefined) {
      // Nobody could read this message, so that it holds the text is all there is to go by.
      const holdsAll = this.#needles.length > 0 && this.#needles.every((needle) => rawOf(record).includes(needle));
      return (id !== undefined && isNamed(event, id)) || holdsAll;
    }
    return (methodId === undefined || methodId === event.methodId) && this.#isAlarm(event);
  }

  #mayMatch(record: RawRecord): boolean {
    if (this.#needles.length === 0 || record.headers['notification-outcome'] === 'malformed') return true;
    const bytes = bytesOf(record);
    if (bytes.includes('"raw_base64"')) return true;
    return this.#needles.every((needle) => bytes.includes(needle) || record.key === needle.toString());
  }

  #keep(event: HistoryEvent): void {
    this.#events.push(event);
    // Sorting now and then keeps both memory and time in bounds.
    if (this.#events.length < 2 * this.#capacity) return;
    this.#events = this.#newest();
  }

  #newest(): HistoryEvent[] {
    const sorted = this.#events.toSorted((one, other) => one.atMs - other.atMs);
    if (sorted.length > this.#capacity) this.#isCut = true;
    return sorted.slice(-this.#capacity);
  }
}

function bytesOf({ value }: RawRecord): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function needleOf(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}

function isNamed(event: HistoryEvent, id: string): boolean {
  return [event.id, event.alarmId, event.eventId, event.source].includes(id);
}

function rawOf(record: RawRecord): Buffer {
  try {
    const read = parseOutcomeRecord(record.value, record.headers, record);
    return read.kind === 'letter' ? Buffer.from(read.raw) : Buffer.alloc(0);
  } catch {
    return Buffer.alloc(0);
  }
}
