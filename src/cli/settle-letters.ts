import { hostname } from 'node:os';
import type { KafkaProducer } from '../adapters/kafka/producer.js';
import type { RawRecord, TopicReader } from '../adapters/kafka/topic-reader.js';
import type { Config } from '../config/config.js';
import { EngineError, givenUp, isGivenUp } from '../domain/errors.js';
import type { EncodedRecord } from '../domain/outcome-record.js';
import { type AlarmPosition, positionText } from '../domain/position.js';
import { encodeSettlement, type Settlement } from '../domain/replay.js';
import { systemClock } from '../runtime/clock.js';
import { kafkaAway, openProducer, openReader } from './ask-kafka.js';
import type { CommandIo } from './command.js';
import type { ParkedLetter } from './parked-letter.js';

/** What is to be done with one letter before it is settled: a write elsewhere, nothing, or the reason why it must stay. */
export type Preparation =
  | { readonly topic: string; readonly record: EncodedRecord }
  | 'nothing'
  | { readonly problem: string };

export interface SettleJob {
  readonly outcome: Settlement['outcome'];
  /** How long Kafka may take for one batch. */
  readonly limitMs: number;
  /** `recordAt` reads single records again, from whatever topic; undefined where Kafka holds it no more. */
  prepare(record: RawRecord, recordAt: (at: AlarmPosition) => Promise<RawRecord | undefined>): Promise<Preparation>;
  /** Told of each letter: when its settlement is acknowledged, or why it is parked still. */
  tell(letter: ParkedLetter, problem: string | undefined): void;
}

/** Letters that are under way at one time. */
const batchCount = 100;

/**
 * Reads the letters again, does with each what the job says, and settles it once that is acknowledged by all in-sync replicas.
 *
 * In this order, so that a crash in between leaves the letter parked: it may then be told twice, under one id, and is never lost.
 * @throws EngineError when Kafka is away; what was settled until then stays settled.
 */
export async function settleLetters(
  config: Config,
  letters: readonly ParkedLetter[],
  job: SettleJob,
  io: CommandIo,
): Promise<void> {
  const reader = openReader(config);
  const producer = openProducer(config);
  try {
    let doneCount = 0;
    for (const batch of batchesOf(letters)) {
      await settleBatch(config, batch, { job, reader, producer });
      doneCount += batch.length;
      io.progress?.(`${doneCount} of ${letters.length} letters`);
    }
  } finally {
    io.progress?.('');
    await producer.close();
    await reader.close();
  }
}

interface Work {
  readonly job: SettleJob;
  readonly reader: TopicReader;
  readonly producer: KafkaProducer;
}

/** Letters that lie one after the other in one partition. */
function* batchesOf(letters: readonly ParkedLetter[]): Generator<readonly ParkedLetter[]> {
  const order = (one: ParkedLetter, other: ParkedLetter) =>
    one.at.partition - other.at.partition || (one.at.offset < other.at.offset ? -1 : 1);
  let batch: ParkedLetter[] = [];
  for (const letter of letters.toSorted(order)) {
    const [first] = batch;
    if (first !== undefined && (batch.length >= batchCount || first.at.partition !== letter.at.partition)) {
      yield batch;
      batch = [];
    }
    batch.push(letter);
  }
  if (batch.length > 0) yield batch;
}

async function settleBatch(config: Config, batch: readonly ParkedLetter[], work: Work): Promise<void> {
  const { limitMs } = work.job;
  const limit = systemClock.limit(limitMs);
  try {
    const records = await recordsOf(work.reader, batch, limit.signal);
    // One reader answers one question at a time, so the letters that need a second look wait for each other.
    let looking: Promise<unknown> = Promise.resolve();
    const recordAt = (at: AlarmPosition): Promise<RawRecord | undefined> => {
      const look = looking.then(() => recordOf(work.reader, at, limit.signal));
      looking = look.catch(() => undefined);
      return look;
    };
    const settled = batch.map(async (letter) => {
      const record = records.get(positionText(letter.at));
      const prepared = record === undefined ? gone : await work.job.prepare(record, recordAt);
      work.job.tell(letter, await settleOne(config, letter, prepared, work, limit.signal));
    });
    // Every one has ended before the batch does: nothing is told of a letter after the end.
    const failed = (await Promise.allSettled(settled)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } catch (error) {
    if (!isGivenUp(error)) throw error;
    throw kafkaAway(config, { limitMs, what: 'letters, and to write what becomes of them' }, error);
  } finally {
    limit.clear();
  }
}

const gone = { problem: 'Kafka holds it no more' };

/** Undefined when it is settled, else why it is not. */
async function settleOne(
  config: Config,
  letter: ParkedLetter,
  prepared: Preparation,
  { job, producer }: Work,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (prepared !== 'nothing') {
    if ('problem' in prepared) return prepared.problem;
    try {
      await producer.publish(prepared.topic, prepared.record, signal);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'RECORD_REFUSED') return error.message;
      throw error;
    }
  }
  const by = `${hostname()}-${process.pid}`;
  const { alarmId, methodId } = letter;
  const settlement = { outcome: job.outcome, letter: letter.at, atMs: systemClock.nowMs(), by, alarmId, methodId };
  await producer.publish(config.kafka.deadLetterTopic, encodeSettlement(letter.id, settlement), signal);
  return undefined;
}

async function recordsOf(
  reader: TopicReader,
  batch: readonly ParkedLetter[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RawRecord>> {
  const [first, last] = [batch[0]?.at, batch.at(-1)?.at];
  const records = new Map<string, RawRecord>();
  if (first === undefined || last === undefined) return records;
  const wanted = new Set(batch.map(({ at }) => positionText(at)));
  const [from, until] = [new Map([[first.partition, first.offset]]), new Map([[last.partition, last.offset + 1n]])];
  for await (const record of reader.read(first.topic, from, signal, until)) {
    if (wanted.has(positionText(record))) records.set(positionText(record), record);
  }
  if (signal.aborted) throw givenUp('reading letters was given up');
  return records;
}

async function recordOf(reader: TopicReader, at: AlarmPosition, signal: AbortSignal): Promise<RawRecord | undefined> {
  const end = (await reader.logEnds(at.topic, signal)).get(at.partition) ?? 0n;
  if (at.offset >= end) return undefined;
  const [from, until] = [new Map([[at.partition, at.offset]]), new Map([[at.partition, at.offset + 1n]])];
  for await (const record of reader.read(at.topic, from, signal, until)) if (record.offset === at.offset) return record;
  if (signal.aborted) throw givenUp(`reading ${positionText(at)} was given up`);
  return undefined;
}
