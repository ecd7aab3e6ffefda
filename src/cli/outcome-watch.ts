import type { RawRecord, TopicPositions, TopicReader } from '../adapters/kafka/topic-reader.js';
import { EngineError, givenUp } from '../domain/errors.js';
import type { DeadReason, MethodOutcome } from '../domain/outcome.js';
import { parseOutcomeRecord, type ReadRecord } from '../domain/parse-outcome-record.js';
import { type AlarmPosition, type Offset, positionText } from '../domain/position.js';
import type { OffsetStore, StoredOffset } from '../ports/progress.js';

/** How one method of the alarm ended, or the alarm itself where nobody could read it. */
export interface SeenOutcome {
  /** Key of the record: the notification id. */
  readonly id: string;
  readonly methodId: string | undefined;
  readonly methodType: string;
  readonly methodName: string;
  readonly outcome: MethodOutcome | 'malformed' | 'unknown';
  readonly reason: DeadReason | undefined;
  readonly detail: string | undefined;
  readonly notBeforeMs: number | undefined;
  /** From the time of the alarm in Kafka to the receiver's answer, or to the record where nobody took it. */
  readonly tookMs: number;
}

/** Where the alarm landed, and the time that Kafka holds for it. */
export type PublishedAlarm = AlarmPosition & { readonly timestampMs: number };

/**
 * Follows one alarm through the engine: its outcome records, and the committed position, which passes it when no more of them come.
 *
 * Begin to watch before the alarm is published, else its first records may be missed.
 */
export class OutcomeWatch {
  readonly #reader: TopicReader;
  readonly #store: Pick<OffsetStore, 'load'>;
  readonly #positions = new Map<string, TopicPositions>();
  /** The committed position at the last look. */
  committed: Offset | undefined;

  private constructor(reader: TopicReader, store: Pick<OffsetStore, 'load'>) {
    this.#reader = reader;
    this.#store = store;
  }

  /** Remembers where the topics end now. */
  static async begin(
    reader: TopicReader,
    store: Pick<OffsetStore, 'load'>,
    topics: Iterable<string>,
    signal: AbortSignal,
  ): Promise<OutcomeWatch> {
    const watch = new OutcomeWatch(reader, store);
    for (const topic of new Set(topics)) watch.#positions.set(topic, await reader.logEnds(topic, signal));
    return watch;
  }

  /** Tells each outcome that has come since the last look; true when no more will come. @throws ABORTED. */
  async look(alarm: PublishedAlarm, signal: AbortSignal, tell: (outcome: SeenOutcome) => void): Promise<boolean> {
    // Asked first: the records of an alarm that is finished now lie before the ends that are asked for next.
    const isFinished = await this.#isFinished(alarm);
    for (const [topic, positions] of this.#positions) {
      const ends = await this.#reader.logEnds(topic, signal);
      // A topic or partition that has come into being meanwhile is read from its beginning.
      const from = new Map([...ends.keys()].map((partition) => [partition, positions.get(partition) ?? 0n]));
      for await (const record of this.#reader.read(topic, from, signal, ends)) {
        const outcome = outcomeIn(record, alarm);
        if (outcome !== undefined) tell(outcome);
      }
      if (signal.aborted) throw givenUp('the wait for outcomes was given up');
      this.#positions.set(topic, ends);
    }
    return isFinished;
  }

  async #isFinished(alarm: AlarmPosition): Promise<boolean> {
    try {
      const stored = await this.#store.load(alarm);
      this.committed = stored?.nextToRead;
      return stored !== undefined && isFinishedIn(stored, alarm.offset);
    } catch (error) {
      // ZooKeeper is away for a moment: asked again at the next look.
      if (error instanceof EngineError && error.retriable) return false;
      throw error;
    }
  }
}

/** Whether an offset is finished according to what is stored. */
export function isFinishedIn({ nextToRead, finishedAbove }: StoredOffset, offset: Offset): boolean {
  if (offset < nextToRead) return true;
  const bit = offset - nextToRead;
  const byte = finishedAbove[Number(bit >> 3n)] ?? 0;
  return (byte & (1 << Number(bit & 7n))) !== 0;
}

/** What a record says of this alarm; undefined for records of others and for such as nobody can read. */
export function outcomeIn(record: RawRecord, alarm: PublishedAlarm): SeenOutcome | undefined {
  let read: ReadRecord;
  try {
    read = parseOutcomeRecord(record.value, record.headers, record);
  } catch {
    return undefined;
  }
  const source = read.kind === 'letter' ? read.position : read.notification.alarm.position;
  if (positionText(source) !== positionText(alarm)) return undefined;
  const endedAtMs = (read.kind === 'outcome' ? read.sentAtMs : undefined) ?? record.timestampMs;
  const { reason, detail } = read;
  const common = {
    id: record.key ?? '',
    reason,
    detail,
    tookMs: Math.max(0, Math.round(endedAtMs - alarm.timestampMs)),
  };
  if (read.kind === 'letter') {
    const { outcome } = read;
    const nobody = { methodId: undefined, methodType: '-', methodName: '(the alarm itself)' };
    return { ...common, ...nobody, outcome, notBeforeMs: undefined };
  }
  const { id: methodId, type: methodType, name: methodName } = read.notification.method;
  const { outcome = 'unknown', notBeforeMs } = read;
  return { ...common, methodId, methodType, methodName, outcome, notBeforeMs };
}
