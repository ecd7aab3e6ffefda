import { Buffer } from 'node:buffer';
import type { RawAlarm } from '../../src/domain/alarm.js';
import type { DeadLetter, OutcomeRecord } from '../../src/domain/outcome.js';
import { type EncodedRecord, encodeOutcomeRecord, encodeWaitingRepeat } from '../../src/domain/outcome-record.js';
import type { Chance } from './chance.js';
import type { AlarmKind, Checker, Produced } from './checker.js';
import type { Scheduler } from './scheduler.js';
import { retryTopic, type SimTopic, type WaitingTopic } from './waiting-topic.js';

export const alarmTopic = 'alarms';

/** What to produce; the broker chooses partition and offset. */
export interface NewAlarm {
  readonly alarmId: string;
  readonly kind: AlarmKind;
  readonly definition: string;
  readonly methodIds: readonly string[];
  readonly partition: number;
  /** ALARM unless said otherwise. */
  readonly newState?: string;
  /** Epoch milliseconds; the same for all unless it matters. */
  readonly changedAtMs?: number;
}

interface PartitionLog {
  start: bigint;
  end: bigint;
  readonly records: RawAlarm[];
  readonly alarms: Produced[];
}

/** The brokers, as one: logs with holes in them, retention, outages, and the topics that the engine writes to. */
export class SimBroker implements SimTopic {
  readonly topic = alarmTopic;
  /** Topics of what waits for its time; without them nothing that waits is ever read. */
  readonly waiting = new Map<string, WaitingTopic>();
  onRecord: (record: OutcomeRecord) => void = () => undefined;
  readonly partitions: readonly PartitionLog[];
  #awayUntilMs = 0;
  #waiting: (() => void)[] = [];
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #checker: Checker;
  readonly #lastOf = new Map<string, Produced>();

  constructor(scheduler: Scheduler, chance: Chance, checker: Checker, partitionCount: number) {
    this.#scheduler = scheduler;
    this.#chance = chance;
    this.#checker = checker;
    this.partitions = Array.from({ length: partitionCount }, () => {
      const start = chance.is(0.3) ? BigInt(chance.whole(1, 1_000_000)) * 9_007_199_255n : 0n;
      return { start, end: start, records: [], alarms: [] };
    });
  }

  get isAway(): boolean {
    return this.#scheduler.nowMs < this.#awayUntilMs;
  }

  goAway(ms: number): void {
    this.#awayUntilMs = Math.max(this.#awayUntilMs, this.#scheduler.nowMs + ms);
    this.#scheduler.after(ms, () => this.#wake());
  }

  produce(alarm: NewAlarm): void {
    const { alarmId, kind, methodIds, partition } = alarm;
    const log = this.partitions[partition];
    if (log === undefined) return;
    // Markers of transactions and compaction leave holes; now and then one that is wider than the window.
    const hole = this.#chance.is(0.15) ? BigInt(this.#chance.whole(1, this.#chance.is(0.05) ? 200 : 5)) : 0n;
    const position = { topic: alarmTopic, partition, offset: log.end + hole };
    const key = `${partition}/${alarmId}`;
    const known = { position, alarmId, kind, methodIds, before: this.#lastOf.get(key), recorded: new Set<string>() };
    const produced = { ...known, isParked: false, isConvicted: false, isRemoved: false };
    if (kind !== 'malformed') this.#lastOf.set(key, produced);
    log.end = position.offset + 1n;
    log.records.push({
      position,
      value: messageOf(alarm),
      recordedAtMs: Math.floor(this.#scheduler.nowMs),
    });
    log.alarms.push(produced);
    this.#checker.produced(produced);
    this.#wake();
  }

  /** Retention takes the older half of a partition. */
  retain(partition: number): void {
    const log = this.partitions[partition];
    if (log === undefined) return;
    const removed = log.records.splice(0, Math.floor(log.records.length / 2));
    for (const alarm of log.alarms.splice(0, removed.length)) alarm.isRemoved = true;
    log.start = log.records[0]?.position.offset ?? log.end;
  }

  fetch(partition: number, from: bigint, count: number): readonly RawAlarm[] {
    const records = this.partitions[partition]?.records ?? [];
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const record = records[middle];
      if (record !== undefined && record.position.offset < from) low = middle + 1;
      else high = middle;
    }
    return records.slice(low, low + count);
  }

  /** Calls `run` once, when there may be something new. */
  whenChanged(run: () => void): void {
    this.#waiting.push(run);
  }

  recorded(record: OutcomeRecord, term: string): void {
    const { alarm, method } = record.notification;
    this.onRecord(record);
    for (const { topic, written } of this.#waitingFor(record)) topic.append(written);
    this.#checker.recorded(alarm.position, method.id, this.#isFinal(record) ? record.outcome : undefined, term);
  }

  /** A telling of a transition has an outcome for good, unless something reads the topic on which it waits. */
  #isFinal({ outcome, notification }: OutcomeRecord): boolean {
    return notification.repeat === 0 && !(outcome === 'retrying' && this.waiting.size > 0);
  }

  #waitingFor(record: OutcomeRecord): { topic: WaitingTopic; written: EncodedRecord }[] {
    const { nextRepeat, outcome } = record;
    const name = nextRepeat?.topic ?? (outcome === 'retrying' ? retryTopic : '');
    const topic = this.waiting.get(name);
    if (topic === undefined) return [];
    const written =
      nextRepeat === undefined
        ? encodeOutcomeRecord(record, 'sim')
        : encodeWaitingRepeat(record, nextRepeat.dueAtMs, 'sim');
    return [{ topic, written }];
  }

  parked(letter: DeadLetter): void {
    this.#checker.parked(letter.position);
  }

  #wake(): void {
    for (const run of this.#waiting.splice(0)) run();
  }
}

function messageOf({ alarmId, kind, definition, newState = 'ALARM', changedAtMs }: NewAlarm): Uint8Array {
  const fields = {
    tenantId: 't',
    alarmId,
    alarmDefinitionId: definition,
    alarmName: kind,
    oldState: 'OK',
    newState: kind === 'malformed' ? 7 : newState,
    actionsEnabled: kind !== 'disabled',
    stateChangeReason: '',
    timestamp: changedAtMs ?? 1_429_023_453_632,
  };
  return Buffer.from(JSON.stringify({ 'alarm-transitioned': fields }));
}
