import { waitingDigest } from '../../domain/digest-notification.js';
import { givenUp } from '../../domain/errors.js';
import { encodeOutcomeRecord } from '../../domain/outcome-record.js';
import { type Offset, partitionText, type TopicPartition } from '../../domain/position.js';
import type { DigestHome, DigestRound, OutgoingDigest, RowCodec, StoredRow, TakenMessage } from '../../ports/digest.js';
import type { Clock } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { partitionOfKey } from './partition-of-key.js';
import type { KafkaTransactions, TransactionRecord } from './transactions.js';

/** A digest and the words around it fit into a record of 1 MiB. */
const digestLimitBytes = 900_000;

/** A message as it was read from a topic. `passOn`: its user belongs to another partition. */
export interface KafkaMessage extends TakenMessage {
  readonly at: TopicPartition;
  readonly offset: Offset;
  readonly passOn: { readonly partition: number; readonly userId: string } | undefined;
}

/** The topics of the digest; all but the dead letters have the same number of partitions. */
export interface DigestTopics {
  readonly status: string;
  readonly command: string;
  readonly digest: string;
  readonly state: string;
  readonly deadLetter: string;
  /** Where digests of methods go, to be sent by the engine. */
  readonly retry: string;
  /** Alarms of other producers, which are passed on to `status`, each to the partition of its user; undefined: none are read. */
  readonly alarm: string | undefined;
}

export interface KafkaHomeOptions {
  readonly partition: number;
  readonly topics: DigestTopics;
  readonly deadLetterPartitions: number;
  readonly retryPartitions: number;
  readonly instance: string;
  /** Digests of methods are public messages, too. */
  readonly publishesAll: boolean;
  readonly group: string;
  readonly rows: RowCodec;
  readonly transactions: Pick<KafkaTransactions, 'commit'>;
  /** Everything before this offset is committed. */
  readonly onCommitted: (at: TopicPartition, nextToRead: Offset) => void;
}

/** State, digests, dead letters and offsets of one partition, each round in one transaction: all of it, or nothing. */
export class KafkaHome implements DigestHome<KafkaMessage> {
  readonly digestLimitBytes = digestLimitBytes;
  readonly #options: KafkaHomeOptions;
  readonly #deps: { readonly clock: Clock; readonly telemetry: Telemetry };

  constructor(options: KafkaHomeOptions, deps: { readonly clock: Clock; readonly telemetry: Telemetry }) {
    this.#options = options;
    this.#deps = deps;
  }

  async commit(round: DigestRound<KafkaMessage>, signal: AbortSignal): Promise<void> {
    const { group, transactions, onCommitted } = this.#options;
    const offsets = [...offsetsOf(round.taken).values()];
    const startedAtMonoMs = this.#deps.clock.monoMs();
    try {
      await transactions.commit({ records: this.#recordsOf(round), offsets, group }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw givenUp('the commit was given up', error);
    }
    if (round.digests.length > 0) {
      this.#deps.telemetry.observe('digest_publish_seconds', (this.#deps.clock.monoMs() - startedAtMonoMs) / 1_000);
    }
    for (const { at, nextToRead } of offsets) onCommitted(at, nextToRead);
  }

  #recordsOf({
    changed,
    cleared,
    digests,
    deadLetters,
    taken,
  }: DigestRound<KafkaMessage>): readonly TransactionRecord[] {
    const { partition, topics, rows, deadLetterPartitions } = this.#options;
    const place = (topic: string) => ({ topic, partition });
    const last = new Map<string, StoredRow>();
    for (const row of [...changed, ...cleared]) last.set(rows.key(row), row);
    const state = [...last].map(([key, row]) => ({
      ...{ at: place(topics.state), key, value: rows.text(row) ?? null, headers: {} },
    }));
    const published = digests.flatMap((digest) => this.#digestRecords(digest));
    const letters = deadLetters.map(({ subject, reason, value }) => {
      const letter = { Subject: subject, Reason: reason, RawBase64: Buffer.from(value).toString('base64') };
      const at = { topic: topics.deadLetter, partition: partitionOfKey(subject, deadLetterPartitions) };
      return { at, key: subject, value: JSON.stringify(letter), headers: { 'notification-outcome': 'malformed' } };
    });
    const passed = taken.flatMap(({ passOn, value }) => {
      if (passOn === undefined) return [];
      const at = { topic: topics.status, partition: passOn.partition };
      return [{ at, key: passOn.userId, value, headers: {} }];
    });
    return [...state, ...published, ...letters, ...passed];
  }

  /** A digest for people goes to the engine, as a notification that is due; one without a method is a message for everybody. */
  #digestRecords({ id, userId, methodId, alarms, text }: OutgoingDigest): readonly TransactionRecord[] {
    const { partition, topics, retryPartitions, instance, publishesAll } = this.#options;
    const forAll = {
      ...{ at: { topic: topics.digest, partition }, key: userId, value: text },
      headers: { 'digest-id': id },
    };
    if (methodId === undefined) return [forAll];
    const entries = alarms.flatMap(({ alarmId, alarm: { status, changedAt, name = alarmId } }) => {
      return status === 'CLEARED' ? [] : [{ alarmId, name, status, changedAt: changedAt.text }];
    });
    const position = { topic: topics.status, partition, offset: 0n };
    const waiting = waitingDigest({ id, userId, methodId, entries, atMs: this.#deps.clock.nowMs(), position });
    const { key, value, headers, together } = encodeOutcomeRecord(waiting, instance);
    const at = { topic: topics.retry, partition: partitionOfKey(together ?? key, retryPartitions) };
    const forMethod = { at, key, value, headers };
    return publishesAll ? [forMethod, forAll] : [forMethod];
  }
}

/** By partition: the position behind the last message that was taken from it. */
function offsetsOf(taken: readonly KafkaMessage[]) {
  const offsets = new Map<string, { readonly at: TopicPartition; readonly nextToRead: bigint }>();
  for (const { at, offset } of taken) offsets.set(partitionText(at), { at, nextToRead: offset + 1n });
  return offsets;
}
