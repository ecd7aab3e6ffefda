import { Bell } from '../../domain/bell.js';
import { type EngineError, messageOf } from '../../domain/errors.js';
import type { SourceEvent } from '../../ports/flow.js';
import type { Clock, Random } from '../../ports/system.js';
import { lastingFailure } from './kafka-failure.js';
import type { Metadata } from './metadata.js';
import { pauseMs } from './waiting.js';

/** A new partition is seen after at most this time. */
const MAX_AGE_MS = 10_000;
/** While a topic is absent or a partition has no leader. */
const LOOKING_MS = 1_000;
/** When something else in Kafka showed that leaders have moved. */
const DISTRUSTED_MS = 200;
/** With nothing to fetch, only these questions show that Kafka is there. */
const SIGN_OF_LIFE_MS = 3_000;

export interface WatchSurroundings {
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly random: Random;
  tell(event: SourceEvent): void;
  answered(): void;
  failed(text: string): void;
  /** Leaders and partitions may have changed. */
  refreshed(): void;
  end(error: EngineError): void;
}

/** Keeps what is known of the topics fresh, and tells which partitions they have whenever that changes. */
export class TopicWatch {
  readonly #topics: readonly string[];
  readonly #around: WatchSurroundings;
  readonly #told = new Map<string, string>();
  readonly #bell = new Bell();
  #askedAtMonoMs = Number.NEGATIVE_INFINITY;
  #answeredAtMonoMs = 0;
  #isDistrusted = true;
  #failures = 0;

  constructor(topics: readonly string[], around: WatchSurroundings) {
    this.#topics = topics;
    this.#around = around;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#dueAtMonoMs() - this.#around.clock.monoMs();
      if (waitMs > 0) await this.#bell.wait(waitMs, this.#around.clock, signal);
      else await this.#refresh(signal);
    }
  }

  /** Somebody met a leader that is none, or a broker that is away. */
  distrust(): void {
    this.#isDistrusted = true;
    this.#bell.ring();
  }

  /** Kafka has answered something: no sign of life needs to be asked for. */
  noteAnswered(): void {
    this.#answeredAtMonoMs = this.#around.clock.monoMs();
  }

  #dueAtMonoMs(): number {
    if (this.#isDistrusted) return this.#askedAtMonoMs + DISTRUSTED_MS;
    if (this.#topics.some((topic) => this.#isIncomplete(topic))) return this.#askedAtMonoMs + LOOKING_MS;
    return Math.min(this.#askedAtMonoMs + MAX_AGE_MS, this.#answeredAtMonoMs + SIGN_OF_LIFE_MS);
  }

  #isIncomplete(topic: string): boolean {
    const state = this.#around.metadata.stateOf(topic);
    return state.kind !== 'present' || [...state.leaders.values()].includes(undefined);
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    this.#isDistrusted = false;
    this.#askedAtMonoMs = this.#around.clock.monoMs();
    try {
      await this.#around.metadata.refresh(this.#topics, signal);
      this.#failures = 0;
      this.#around.answered();
      for (const topic of this.#topics) this.#tell(topic);
      this.#around.refreshed();
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      this.#isDistrusted = true;
      this.#around.failed(messageOf(error));
      await this.#around.clock.sleep(pauseMs(this.#failures, this.#around.random), signal);
    }
  }

  #tell(topic: string): void {
    const state = this.#around.metadata.stateOf(topic);
    if (state.kind === 'refused') {
      const lasting = lastingFailure(state.errorCode, `reading topic ${topic}`);
      if (lasting !== undefined) this.#around.end(lasting);
      return;
    }
    if (state.kind === 'unknown') return;
    const partitions = this.#around.metadata.partitionsOf(topic);
    const text = partitions.join();
    if (this.#told.get(topic) === text) return;
    this.#told.set(topic, text);
    this.#around.tell({ kind: 'partitions', topic, partitions });
  }
}
