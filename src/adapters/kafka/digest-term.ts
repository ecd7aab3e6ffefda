import { setMaxListeners } from 'node:events';
import type { RawAlarm } from '../../domain/alarm.js';
import { EngineError, givenUp } from '../../domain/errors.js';
import { hash32 } from '../../domain/hash32.js';
import { type Offset, partitionText, type TopicPartition } from '../../domain/position.js';
import type { DigestActor, DigestWorkers, ReadMessage } from '../../ports/digest.js';
import type { SourceEvent } from '../../ports/flow.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { KafkaAlarmSource } from './alarm-source.js';
import { Brokers } from './brokers.js';
import type { KafkaConnection } from './connection-options.js';
import { type DigestTopics, KafkaHome, type KafkaMessage } from './digest-home.js';
import { Metadata } from './metadata.js';
import { reKeyedAlarm } from './re-keyed-alarm.js';
import { TopicReader } from './topic-reader.js';
import { KafkaTransactions } from './transactions.js';

const requestLimitMs = 15_000;
const windowCount = 10_000;

export interface KafkaTermOptions {
  readonly connection: KafkaConnection;
  readonly topics: DigestTopics;
  readonly group: string;
  readonly partitions: readonly number[];
  readonly deadLetterPartitions: number;
  readonly retryPartitions: number;
  /** 0 where no alarms of other producers are read. */
  readonly alarmPartitions: number;
  readonly instance: string;
  readonly publishesAll: boolean;
  /** @throws FENCED when this instance does not own the partitions any more. */
  readonly demand: () => void;
}

export interface KafkaTermDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly onAnswered: () => void;
}

/** One stretch of time in which this instance owns some partitions of the digest's topics. */
export class KafkaDigestTerm {
  readonly #options: KafkaTermOptions;
  readonly #workers: DigestWorkers<KafkaMessage>;
  readonly #deps: KafkaTermDeps;
  readonly #brokers: Brokers;
  readonly #metadata: Metadata;
  readonly #reader: TopicReader;
  readonly #source: KafkaAlarmSource;

  constructor(workers: DigestWorkers<KafkaMessage>, options: KafkaTermOptions, deps: KafkaTermDeps) {
    this.#workers = workers;
    this.#options = options;
    this.#deps = deps;
    const { connection, topics } = options;
    this.#brokers = new Brokers(connection, requestLimitMs, deps);
    this.#metadata = new Metadata(this.#brokers);
    this.#reader = new TopicReader(connection, deps);
    this.#source = new KafkaAlarmSource(
      { connection, topics: [topics.status, ...otherInputs(topics)], windowCount },
      { ...deps, onFailure: () => undefined, onEvent: (event) => this.#heard(event) },
    );
  }

  /**
   * Takes over, then works until `stop` (what was taken is finished first) or until `ended`.
   *
   * @throws FENCED when another instance took over; retriable errors of Kafka.
   */
  async run(stop: AbortSignal, ended: AbortSignal): Promise<void> {
    const ending = new AbortController();
    // Every worker listens to it, and every request under way.
    setMaxListeners(0, ending.signal);
    const end = () => ending.abort();
    ended.addEventListener('abort', end, { once: true });
    if (ended.aborted) end();
    try {
      const actors = new Map<number, DigestActor<KafkaMessage>>();
      const starts = [];
      const takingOver = AbortSignal.any([stop, ending.signal]);
      for (const partition of this.#options.partitions) {
        const { actor, rows, positions } = await this.#takeOver(partition, takingOver);
        actors.set(partition, actor);
        starts.push({ partition, rows, positions });
      }
      // Its connections are for the state alone.
      await this.#reader.close();
      const rows = starts.reduce((sum, one) => sum + one.rows, 0);
      this.#deps.telemetry.event('digest_took_over', { workers: this.#options.partitions.join(), rows });
      for (const { positions } of starts)
        for (const { at, next } of positions) this.#source.resume(at, next, undefined);
      await this.#work(actors, stop, ending);
    } finally {
      ending.abort();
      ended.removeEventListener('abort', end);
      await this.#source.close();
      await this.#reader.close();
      this.#brokers.close();
    }
  }

  /** Fences the former owner first: only then its last word is in the changelog, and nothing comes behind it. */
  async #takeOver(partition: number, signal: AbortSignal) {
    const { group, demand } = this.#options;
    const transactions = new KafkaTransactions(`${group}-${partition}`, {
      ...{
        brokers: this.#brokers,
        metadata: this.#metadata,
        clock: this.#deps.clock,
        random: this.#deps.random,
        demand,
      },
    });
    await transactions.begin(signal);
    const home = new KafkaHome(
      {
        ...{ ...this.#options, partition, rows: this.#workers.rows, transactions },
        onCommitted: (at, nextToRead) => this.#source.allow(at, nextToRead),
      },
      this.#deps,
    );
    const actor = this.#workers.open(partition, home);
    const rows = await this.#restore(partition, actor, signal);
    const positions = [];
    for (const input of this.#inputsOf(partition)) {
      // Waited for where the group's coordinator has just been born, as at the first start ever.
      const found = await this.#reader.groupPositions(group, input.topic, signal, input.partitions);
      for (const each of input.partitions) {
        positions.push({ at: { topic: input.topic, partition: each }, next: found.get(each) });
      }
    }
    return { actor, rows, positions };
  }

  /** What is read by whoever owns this partition: the same one of the digest's topics, and its part of the alarm topic. */
  #inputsOf(partition: number): readonly { readonly topic: string; readonly partitions: readonly number[] }[] {
    const { topics, alarmPartitions } = this.#options;
    const alarms = Array.from({ length: alarmPartitions }, (_, index) => index).filter(
      (each) => each % this.#workers.count === partition,
    );
    const own = [topics.status, topics.command].map((topic) => ({ topic, partitions: [partition] }));
    return topics.alarm === undefined || alarms.length === 0
      ? own
      : [...own, { topic: topics.alarm, partitions: alarms }];
  }

  async #restore(partition: number, actor: DigestActor<KafkaMessage>, signal: AbortSignal): Promise<number> {
    const topic = this.#options.topics.state;
    const from = await this.#reader.logStarts(topic, signal, partition);
    const until = await this.#reader.logEnds(topic, signal, partition);
    if (!from.has(partition) || !until.has(partition)) {
      // A broker that has just begun may not know the topic yet, which must not be taken for a digest that knows nothing.
      const text = `Kafka does not name ${partitionText({ topic, partition })} at this time`;
      throw new EngineError('STORE_UNAVAILABLE', text, { retriable: true });
    }
    const last = new Map<string, string>();
    for await (const { key = '', value } of this.#reader.read(topic, from, signal, until)) {
      if (value.length === 0) last.delete(key);
      else last.set(key, Buffer.from(value).toString());
    }
    if (signal.aborted) throw givenUp('reading the state of the digest was given up');
    for (const text of last.values()) actor.restore(this.#workers.rows.parse(text));
    return last.size;
  }

  async #work(
    actors: ReadonlyMap<number, DigestActor<KafkaMessage>>,
    stop: AbortSignal,
    ending: AbortController,
  ): Promise<void> {
    const reading = AbortSignal.any([stop, ending.signal]);
    await this.#workers.run(actors.values(), ending, () => [this.#pump(actors, reading)]);
    if (!stop.aborted) throw new EngineError('FENCED', 'the lock of the digest is lost', { retriable: false });
  }

  async #pump(actors: ReadonlyMap<number, DigestActor<KafkaMessage>>, signal: AbortSignal): Promise<void> {
    for await (const batch of this.#source.read(signal)) {
      for (const alarm of batch) {
        // Of its own topics partition and worker are one and the same.
        const actor = actors.get(alarm.position.partition % this.#workers.count);
        if (actor === undefined) continue;
        if (actor.isFull) await actor.room();
        actor.take(
          alarm.position.topic === this.#options.topics.alarm ? this.#reKeyed(alarm) : this.#readMessage(alarm),
        );
      }
    }
  }

  /** A message that lies in another partition than its user belongs to was written by somebody with another hash: it is passed on. */
  #readMessage({ position, value }: RawAlarm): ReadMessage<KafkaMessage> {
    const { topic, partition, offset } = position;
    const at = { topic, partition };
    const held = { subject: topic, form: 'either', value, place: placeOf(at, offset), isRepeated: false } as const;
    const taken = { ...held, at, offset, passOn: undefined };
    const read = this.#workers.read(taken);
    const userId = userOf(read);
    if (userId === undefined) return { ...read, worker: partition };
    const home = hash32(userId) % this.#workers.count;
    if (home === partition) return read;
    const passedOn = { ...taken, passOn: { partition: home, userId } };
    return { worker: partition, taken: passedOn, message: { kind: 'elsewhere' } };
  }

  #reKeyed(raw: RawAlarm): ReadMessage<KafkaMessage> {
    const { topic, partition, offset } = raw.position;
    const read = reKeyedAlarm(raw);
    const at = { topic, partition };
    const held = { subject: topic, form: 'status', value: raw.value, place: placeOf(at, offset) } as const;
    const taken = { ...held, isRepeated: false, at, offset, passOn: undefined };
    const worker = partition % this.#workers.count;
    switch (read.kind) {
      case 'changed': {
        const passOn = { partition: hash32(read.userId) % this.#workers.count, userId: read.userId };
        return { worker, taken: { ...taken, value: read.value, passOn }, message: { kind: 'elsewhere' } };
      }
      case 'left_out': {
        const { alarmId, reason } = read;
        this.#deps.telemetry.count('alarms_not_folded_total', { reason });
        const place = { topic, partition, offset: offset.toString() };
        this.#deps.telemetry.event('alarm_not_folded', { ...place, alarm_id: alarmId, reason });
        return { worker, taken, message: { kind: 'elsewhere' } };
      }
      case 'malformed':
        return { worker, taken, message: { kind: 'malformed', reason: read.reason } };
      default:
        return read satisfies never;
    }
  }

  #heard(event: SourceEvent): void {
    if (event.kind !== 'halted') return;
    // The topic ends before our position: it was made anew. All that is in it is read; repeated messages change nothing.
    this.#deps.telemetry.event('digest_topic_restarted', { topic: partitionText(event.partition) });
    this.#source.resume(event.partition, event.logStart, undefined);
  }
}

function placeOf(at: TopicPartition, offset: Offset): string {
  return `${partitionText(at)}:${offset}`;
}

function otherInputs({ command, alarm }: DigestTopics): readonly string[] {
  return alarm === undefined ? [command] : [command, alarm];
}

function userOf({ message }: ReadMessage<KafkaMessage>): string | undefined {
  if (message.kind === 'status') return message.change.userId;
  return message.kind === 'command' ? message.command.userId : undefined;
}
