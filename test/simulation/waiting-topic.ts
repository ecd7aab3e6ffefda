import { Buffer } from 'node:buffer';
import type { RawAlarm } from '../../src/domain/alarm.js';
import type { EncodedRecord } from '../../src/domain/outcome-record.js';
import type { AlarmPosition } from '../../src/domain/position.js';
import type { FoundMessages, MessageLookup } from '../../src/ports/flow.js';
import type { SimProcess } from './process.js';

export const retryTopic = 'retries';
export const minuteTopic = 'minutes';
export const periodMs = 60_000;
/** The stages that hold what they read, by their topics. */
export const waitingTopics = new Map([
  [retryTopic, 'retry_engine' as const],
  [minuteTopic, 'periodic_engine' as const],
]);

/** What a reader of a topic needs of it. */
export interface SimTopic {
  readonly topic: string;
  readonly isAway: boolean;
  readonly partitions: readonly { readonly start: bigint; readonly end: bigint }[];
  fetch(partition: number, from: bigint, count: number): readonly RawAlarm[];
  /** Calls `run` once, when there may be something new. */
  whenChanged(run: () => void): void;
}

/** A topic that engines write and read: nothing is ever taken from it. */
export class WaitingTopic implements SimTopic {
  readonly topic: string;
  readonly logs: readonly RawAlarm[][];
  readonly #isAway: () => boolean;
  #waiting: (() => void)[] = [];

  constructor(topic: string, partitionCount: number, isAway: () => boolean) {
    this.topic = topic;
    this.logs = Array.from({ length: partitionCount }, () => []);
    this.#isAway = isAway;
  }

  get isAway(): boolean {
    return this.#isAway();
  }

  get partitions() {
    return this.logs.map((log) => ({ start: 0n, end: BigInt(log.length) }));
  }

  append({ key, value, together = key }: EncodedRecord): void {
    // Whatever spreads keys over partitions and keeps equal ones together will do.
    const partition = together.charCodeAt(together.length - 1) % this.logs.length;
    const log = this.logs[partition];
    if (log === undefined) return;
    const position = { topic: this.topic, partition, offset: BigInt(log.length) };
    log.push({ position, value: Buffer.from(value), recordedAtMs: 0 });
    for (const run of this.#waiting.splice(0)) run();
  }

  fetch(partition: number, from: bigint, count: number): readonly RawAlarm[] {
    return this.logs[partition]?.slice(Number(from), Number(from) + count) ?? [];
  }

  at({ partition, offset }: AlarmPosition): RawAlarm | undefined {
    return this.logs[partition]?.[Number(offset)];
  }

  whenChanged(run: () => void): void {
    this.#waiting.push(run);
  }
}

/** Finds single messages as long as the broker is there. */
export class SimLookup implements MessageLookup {
  readonly #topic: WaitingTopic;
  readonly #process: SimProcess;

  constructor(topic: WaitingTopic, process: SimProcess) {
    this.#topic = topic;
    this.#process = process;
  }

  async find(positions: readonly AlarmPosition[], signal: AbortSignal): Promise<FoundMessages> {
    const { clock, chance } = this.#process;
    await clock.sleep(chance.delayMs(2), signal);
    if (this.#topic.isAway) return { found: [], gone: [] };
    return { found: positions.flatMap((position) => this.#topic.at(position) ?? []), gone: [] };
  }

  async close(): Promise<void> {}
}
