import { PartitionReading } from '../../src/adapters/kafka/partition-reading.js';
import type { RawAlarm } from '../../src/domain/alarm.js';
import { givenUp } from '../../src/domain/errors.js';
import type { DeadLetter, SettledAlarm } from '../../src/domain/outcome.js';
import { type Offset, partitionText, type TopicPartition } from '../../src/domain/position.js';
import type { AlarmSource, DeadLetters, Publisher, SourceEvent } from '../../src/ports/flow.js';
import type { SimBroker } from './broker.js';
import type { SimProcess } from './process.js';
import type { SimTopic } from './waiting-topic.js';

const batchCount = 20;
const pollMs = 200;
const pauseMs = 150;

/** Reads as the engine's own source does, window and all, but from the simulated broker. */
export class SimAlarmSource implements AlarmSource {
  readonly #broker: SimTopic;
  readonly #process: SimProcess;
  readonly #windowCount: number;
  readonly #tell: (event: SourceEvent) => void;
  readonly #readings = new Map<string, PartitionReading>();
  #ring: () => void = () => undefined;

  constructor(broker: SimTopic, process: SimProcess, windowCount: number, tell: (event: SourceEvent) => void) {
    this.#broker = broker;
    this.#process = process;
    this.#windowCount = windowCount;
    this.#tell = tell;
  }

  resume(partition: TopicPartition, nextToRead: Offset | undefined, limit: Offset | undefined): void {
    const reading = new PartitionReading(partition, { nextToRead, limit }, BigInt(this.#windowCount));
    this.#readings.set(partitionText(partition), reading);
    this.#ring();
  }

  allow(partition: TopicPartition, committed: Offset): void {
    this.#readings.get(partitionText(partition))?.commit(committed);
    this.#ring();
  }

  pause(partition: TopicPartition): void {
    this.#readings.delete(partitionText(partition));
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly RawAlarm[]> {
    await this.#process.clock.sleep(this.#process.chance.delayMs(10), signal);
    const { topic, partitions } = this.#broker;
    this.#tell({ kind: 'partitions', topic, partitions: partitions.map((_, index) => index) });
    while (!signal.aborted) {
      const asked = [...this.#readings.values()];
      for (const reading of asked) {
        const alarms = reading.take(batchCount);
        if (alarms.length > 0) yield alarms;
      }
      if (!(await this.#fetch(signal))) await this.#bell(signal);
    }
  }

  async close(): Promise<void> {
    this.#readings.clear();
  }

  /** One round through all partitions; false when there was nothing to ask for, or nothing new. */
  async #fetch(signal: AbortSignal): Promise<boolean> {
    const wanting = () => [...this.#readings.values()].filter((each) => each.wantsEdges() || each.wantsMore());
    if (wanting().length === 0) return false;
    const { clock, chance } = this.#process;
    const fate = this.#process.call('kafka');
    await clock.sleep(chance.delayMs(1), signal);
    if (fate === 'dies after') this.#process.kill();
    if (this.#broker.isAway || fate !== 'passes') {
      await clock.sleep(pauseMs, signal);
      return true;
    }
    const answers = wanting().map((reading) => this.#answer(reading));
    await clock.sleep(chance.delayMs(1), signal);
    let isNew = false;
    for (const take of answers) isNew = take() || isNew;
    return isNew;
  }

  /** The broker's answer as of now; what comes back handles it when it has arrived, if anybody still wants it. */
  #answer(reading: PartitionReading): () => boolean {
    const log = this.#broker.partitions[reading.at.partition];
    if (log === undefined) return () => false;
    const { start, end } = log;
    const from = reading.position;
    const isStart = from === undefined || from < start || from > end;
    const alarms = isStart ? [] : this.#broker.fetch(reading.at.partition, from, batchCount);
    return () => {
      if (this.#readings.get(partitionText(reading.at)) !== reading) return false;
      if (isStart) return this.#start(reading, from, { start, end });
      if (!reading.isBegun) this.#begun(reading, from, 0n);
      const next = (alarms.at(-1)?.position.offset ?? from - 1n) + 1n;
      return reading.add(from, alarms, next) && alarms.length > 0;
    };
  }

  #start(reading: PartitionReading, from: Offset | undefined, { start, end }: { start: bigint; end: bigint }): boolean {
    if (from !== undefined && from > end) {
      reading.isHalted = true;
      this.#tell({ kind: 'halted', partition: reading.at, nextToRead: from, logStart: start, logEnd: end });
      return false;
    }
    reading.startAt(start);
    this.#begun(reading, start, from === undefined ? 0n : start - from);
    return true;
  }

  #begun(reading: PartitionReading, nextToRead: Offset, skipped: bigint): void {
    reading.isBegun = true;
    this.#tell({ kind: 'positioned', partition: reading.at, nextToRead, skipped });
  }

  async #bell(signal: AbortSignal): Promise<void> {
    const { scheduler } = this.#process;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const poll = scheduler.after(pollMs, () => ring(), this.#process, 'timer');
      const ring = () => {
        poll.isCancelled = true;
        signal.removeEventListener('abort', ring);
        resolve();
      };
      this.#ring = ring;
      signal.addEventListener('abort', ring, { once: true });
      this.#broker.whenChanged(() => scheduler.after(0.1, ring, this.#process));
    });
  }
}

/** Writes until the broker says that it has it: an answer that is lost means a second record. */
export class SimProducer implements Publisher, DeadLetters {
  readonly #broker: SimBroker;
  readonly #process: SimProcess;
  readonly #term: (partition: TopicPartition) => string;

  constructor(broker: SimBroker, process: SimProcess, term: (partition: TopicPartition) => string) {
    this.#broker = broker;
    this.#process = process;
    this.#term = term;
  }

  async publish(alarm: SettledAlarm, signal: AbortSignal): Promise<void> {
    const term = this.#term(alarm.position);
    await Promise.all(alarm.records.map((record) => this.#write(() => this.#broker.recorded(record, term), signal)));
  }

  async park(letter: DeadLetter, signal: AbortSignal): Promise<void> {
    await this.#write(() => this.#broker.parked(letter), signal);
  }

  async close(): Promise<void> {}

  async #write(write: () => void, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (signal.aborted) throw givenUp('publishing was given up');
      if (await this.#try(write)) return;
      await this.#process.clock.sleep(pauseMs, signal);
    }
  }

  #try(write: () => void): Promise<boolean> {
    const { scheduler, chance } = this.#process;
    return new Promise((resolve) => {
      this.#process.callAndGo('kafka', (fate) => {
        // The request is on its way whether or not its sender lives on.
        scheduler.after(chance.delayMs(1), () => {
          const isWritten = !this.#broker.isAway && fate !== 'fails';
          if (isWritten) write();
          const isAnswered = isWritten && !chance.is(0.01) && fate !== 'loses the answer';
          scheduler.after(chance.delayMs(isAnswered ? 1 : 50), () => resolve(isAnswered), this.#process);
        });
      });
    });
  }
}
