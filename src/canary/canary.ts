import type { EventMessage, EventSource } from '../domain/alarm-event.js';
import { messageOf } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { canaryMessage } from './canary-message.js';

const lookEveryMs = 1_000;
const longestWriteMs = 10_000;
/** How many may be missing before it is told. */
const missingCount = 3;

export interface CanaryParts {
  readonly intervalMs: number;
  readonly source: Omit<EventSource, 'type'>;
  /** A partition of the alarm topic that this engine works on; undefined: there is none. */
  partition(): number | undefined;
  /** Resolves when Kafka has it. @throws EngineError; ABORTED when `signal` aborts first. */
  write(message: EventMessage, partition: number, signal: AbortSignal): Promise<void>;
  /** When the canary was written that came back last, epoch milliseconds; undefined: nothing is known of any. */
  returnedAtMs(): number | undefined;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Writes an alarm of the engine's own to the alarm topic, at once when the engine works and then once per interval, and tells when none
 * comes back.
 *
 * It goes to a partition of this engine, so it is this engine that is seen. One that comes back late counts for as old as it is: an engine
 * that is behind is overdue until it has caught up. An engine without a partition writes nothing and misses nothing.
 */
export class Canary {
  readonly #parts: CanaryParts;
  readonly #ending = new AbortController();
  readonly #stopLooking: () => void;
  #works = false;
  #nextAtMonoMs = 0;
  /** When the newest one that came back was written; before there is one, when this engine began to work. */
  #freshMonoMs = 0;
  #returnedAtMs: number | undefined;
  #isOverdue = false;
  #wasWritten: boolean | undefined;
  #sequence = 0;
  #underWay: Promise<void> | undefined;

  constructor(parts: CanaryParts) {
    this.#parts = parts;
    this.#stopLooking = parts.clock.every(Math.min(lookEveryMs, parts.intervalMs), () => this.#look());
  }

  /** What an operator should know although the engine may be ready. */
  notes(): readonly string[] {
    return this.#isOverdue ? [`canary overdue: none has come back for ${this.#missingSeconds()} s`] : [];
  }

  async stop(): Promise<void> {
    this.#stopLooking();
    this.#ending.abort();
    await this.#underWay;
  }

  #look(): void {
    const { partition, clock, intervalMs } = this.#parts;
    const at = partition();
    const nowMonoMs = clock.monoMs();
    this.#takeReturned(nowMonoMs);
    if (at === undefined) {
      this.#rest();
      return;
    }
    if (!this.#works) this.#freshMonoMs = nowMonoMs;
    this.#works = true;
    this.#judge(nowMonoMs);
    if (nowMonoMs < this.#nextAtMonoMs || this.#underWay !== undefined) return;
    this.#nextAtMonoMs = nowMonoMs + intervalMs;
    this.#underWay = this.#write(at);
  }

  /** Whoever wrote it: it went through this engine. */
  #takeReturned(nowMonoMs: number): void {
    const { clock, returnedAtMs } = this.#parts;
    const returned = returnedAtMs();
    // A worker that was replaced has forgotten it. Other, not later: a wall clock may be set back.
    if (returned === undefined || returned === this.#returnedAtMs) return;
    this.#returnedAtMs = returned;
    this.#freshMonoMs = Math.max(this.#freshMonoMs, nowMonoMs - Math.max(0, clock.nowMs() - returned));
  }

  #rest(): void {
    this.#works = false;
    this.#nextAtMonoMs = 0;
    this.#isOverdue = false;
    this.#parts.telemetry.gauge('canary_overdue', 0);
  }

  #judge(nowMonoMs: number): void {
    const { telemetry, intervalMs } = this.#parts;
    const isOverdue = nowMonoMs - this.#freshMonoMs > missingCount * intervalMs;
    telemetry.gauge('canary_overdue', isOverdue ? 1 : 0);
    if (isOverdue === this.#isOverdue) return;
    this.#isOverdue = isOverdue;
    if (isOverdue) telemetry.event('canary_overdue', { seconds: this.#missingSeconds() });
    else telemetry.event('canary_back');
  }

  async #write(partition: number): Promise<void> {
    const { clock, intervalMs, source, telemetry, write } = this.#parts;
    const atMs = clock.nowMs();
    this.#sequence = Math.max(this.#sequence + 1, atMs);
    const limit = clock.limit(Math.min(intervalMs, longestWriteMs), this.#ending.signal);
    try {
      await write(canaryMessage(source, { atMs, sequence: this.#sequence }), partition, limit.signal);
      telemetry.count('canaries_total', { result: 'written' });
      this.#wasWritten = true;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      telemetry.count('canaries_total', { result: 'failed' });
      const text = limit.expired ? 'Kafka did not acknowledge it in time' : messageOf(error);
      if (this.#wasWritten !== false) telemetry.event('canary_unwritten', { error: text });
      this.#wasWritten = false;
    } finally {
      limit.clear();
      this.#underWay = undefined;
    }
  }

  #missingSeconds(): number {
    return Math.round((this.#parts.clock.monoMs() - this.#freshMonoMs) / 1000);
  }
}
