import { KafkaAlarmSource } from '../../src/adapters/kafka/alarm-source.js';
import type { KafkaConnection } from '../../src/adapters/kafka/connection-options.js';
import type { RawAlarm } from '../../src/domain/alarm.js';
import type { NonEmpty } from '../../src/domain/position.js';
import type { SourceEvent } from '../../src/ports/flow.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

type Kind = SourceEvent['kind'];

/** A source that is read to the end of the test, with everything that it told and delivered, in order. */
export class ReadingSource {
  readonly events: SourceEvent[] = [];
  readonly alarms: RawAlarm[] = [];
  readonly failures: string[] = [];
  readonly telemetry = new RecordingTelemetry();
  readonly source: KafkaAlarmSource;
  answers = 0;
  ended: unknown;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  constructor(connection: KafkaConnection, topics: NonEmpty<string>, windowCount = 20_000) {
    this.source = new KafkaAlarmSource(
      { connection, topics, windowCount },
      {
        clock: systemClock,
        random: systemRandom,
        telemetry: this.telemetry,
        onEvent: (event) => this.events.push(event),
        onAnswered: () => {
          this.answers += 1;
        },
        onFailure: (failure) => this.failures.push(failure),
      },
    );
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    try {
      for await (const batch of this.source.read(this.#stop.signal)) this.alarms.push(...batch);
    } catch (error) {
      this.ended = error;
    }
  }

  values(partition = 0, topic?: string): string[] {
    return this.alarms
      .filter(({ position }) => position.partition === partition && (topic === undefined || position.topic === topic))
      .map(({ value }) => Buffer.from(value).toString());
  }

  offsets(partition = 0): string[] {
    return this.alarms
      .filter(({ position }) => position.partition === partition)
      .map(({ position }) => `${position.offset}`);
  }

  told<K extends Kind>(kind: K): Extract<SourceEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<SourceEvent, { kind: K }> => event.kind === kind);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
    await this.source.close();
  }
}
