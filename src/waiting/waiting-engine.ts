import type { RawAlarm } from '../domain/alarm.js';
import { backOffMs } from '../domain/back-off.js';
import { Bell } from '../domain/bell.js';
import { EngineError } from '../domain/errors.js';
import type { RecordedOutcome } from '../domain/parse-outcome-record.js';
import {
  type AlarmPosition,
  isNonEmpty,
  partitionText,
  positionText,
  type TopicPartition,
} from '../domain/position.js';
import type { AlarmSource, DeadLetters, MessageLookup } from '../ports/flow.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { DueFlow, type Fetched, recordOf, type WaitingOutlet, type WaitingPlan } from './due-flow.js';
import { type Due, DueList } from './due-list.js';

export interface WaitingEngineDeps {
  readonly plan: WaitingPlan;
  readonly source: Pick<AlarmSource, 'read'>;
  readonly lookup: MessageLookup;
  readonly deadLetters: DeadLetters;
  readonly outlet: WaitingOutlet;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** How many may wait in memory; more are not read for now. */
  readonly capacity: number;
}

/** Spread over the topic, each costs a fetch of its own: what is due first must not wait for the last of many. */
const batchCount = 100;
const idleMs = 60_000;
/** So long before its time a record is fetched, because a busy moment may take Kafka that long. */
const leadMs = 1_000;
/** And up to twice as long: what could not be fetched or decided is asked for again. */
const againAfterMs = 1_000;
const pauses = { firstMs: 100, longestMs: 5_000 } as const;

/** A partition that is read now. `isFinished` tells what a predecessor finished above the position where reading began. */
interface Open {
  isFinished(position: AlarmPosition): boolean;
}

/**
 * Reads topics of what waits for its time, holds what is not due yet, and gives each record to the flow when its time has come.
 *
 * Of a record that waits only position and time are kept; the topic is the store, and the record is fetched again when it is due. So memory
 * does not depend on how large records are, and a restart costs nothing but reading. Main is told of a position when it is read, so that
 * nothing behind it is committed past it. Times are turned into monotonic ones when they are read: a jump of the clock moves nothing that
 * waits.
 */
export class WaitingEngine {
  readonly #deps: WaitingEngineDeps;
  readonly #due = new DueList();
  readonly #open = new Map<string, Open>();
  readonly #flow: DueFlow;
  readonly #bell = new Bell();
  #term = new AbortController();
  /** Taken from the list, and not in the flow yet. */
  readonly #inHand = new Set<Due>();
  #failures = 0;
  #failure: unknown;

  constructor(deps: WaitingEngineDeps) {
    this.#deps = deps;
    this.#flow = new DueFlow(deps, {
      isOpen: (position, term) => this.#isOpen(position, term),
      again: (position, term) => this.#again(position, term),
      park: (raw, detail, term) => this.#park(raw, detail, term),
      progressed: (count, term) => this.#progressed(count, term),
    });
  }

  /** Records that are not in the flow. */
  get waitingCount(): number {
    let count = this.#due.size;
    for (const { position } of this.#inHand) if (this.#open.has(partitionText(position))) count += 1;
    return count;
  }

  /** Everything held is void, and what is under way for it is given up. */
  reset(): void {
    this.#term.abort();
    this.#term = new AbortController();
    this.#open.clear();
    this.#due.clear();
    this.#bell.ring();
  }

  resume(partition: TopicPartition, isFinished: Open['isFinished']): void {
    this.#due.remove(partition);
    this.#open.set(partitionText(partition), { isFinished });
  }

  pause(partition: TopicPartition): void {
    this.#due.remove(partition);
    this.#open.delete(partitionText(partition));
    this.#bell.ring();
  }

  /** Runs until `signal` aborts. @throws what waiting cannot cure. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.reset();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all([this.#read(signal), this.#deliver(signal)]);
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#deps.source.read(signal)) await this.#hold(batch);
  }

  async #hold(batch: readonly RawAlarm[]): Promise<void> {
    const { outlet, capacity, clock } = this.#deps;
    const term = this.#term.signal;
    const held = batch.filter(
      ({ position }) => this.#open.get(partitionText(position))?.isFinished(position) === false,
    );
    const positions = held.map(({ position }) => position);
    if (!isNonEmpty(positions)) return;
    outlet.held(positions);
    for (const raw of held) {
      while (!term.aborted && this.#due.size + this.#inHand.size >= capacity)
        await this.#bell.wait(idleMs, clock, term);
      const record = recordOf(raw);
      if (record instanceof EngineError) await this.#park(raw, record.message, term);
      else if (this.#isOpen(raw.position, term)) this.#await(raw, record);
    }
  }

  #await({ position, recordedAtMs }: RawAlarm, record: RecordedOutcome): void {
    const { clock, plan } = this.#deps;
    plan.saw(record);
    // Nothing is written later than now: where it says so, the clock by which it is due runs ahead of ours by as much.
    const nowMs = Math.max(clock.nowMs(), recordedAtMs);
    const dueAtMonoMs = clock.monoMs() + Math.max(0, (plan.dueAtMs(record) ?? 0) - nowMs);
    const isFirst = dueAtMonoMs < (this.#due.nextDueAtMonoMs ?? Number.POSITIVE_INFINITY);
    this.#due.add(position, dueAtMonoMs);
    if (isFirst) this.#bell.ring();
  }

  /** Fetches what is due next while what was fetched before is decided and given. */
  async #deliver(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    let giving: Promise<void> = Promise.resolve();
    while (!signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure;
      const term = this.#term.signal;
      // Nothing at all could be fetched or decided: MySQL or Kafka is away, and asking for the next ones at once would help nobody.
      if (this.#failures > 0) await clock.sleep(backOffMs(pauses, this.#failures, random), term);
      const due = term.aborted ? [] : this.#due.take(clock.monoMs() + leadMs, batchCount);
      if (due.length === 0) {
        // The only timer, however many wait.
        const dueInMs = (this.#due.nextDueAtMonoMs ?? Number.POSITIVE_INFINITY) - leadMs - clock.monoMs();
        await this.#bell.wait(Math.max(0, Math.min(idleMs, dueInMs)), clock, term);
        continue;
      }
      for (const one of due) this.#inHand.add(one);
      this.#bell.ring();
      const fetched = await this.#fetch(due, term);
      await giving;
      giving = this.#flow
        .give(fetched, term)
        .catch((error: unknown) => {
          this.#failure = error;
          // Ends the pause that the loop may be in.
          this.reset();
        })
        .finally(() => {
          for (const one of due) this.#inHand.delete(one);
          this.#bell.ring();
        });
    }
    await giving;
  }

  /** In the order of their times. What Kafka does not give now waits again. */
  async #fetch(due: readonly Due[], term: AbortSignal): Promise<readonly Fetched[]> {
    const { found, gone } = await this.#deps.lookup.find(
      due.map(({ position }) => position),
      term,
    );
    this.#vanished(gone, term);
    const byPosition = new Map(found.map((raw) => [positionText(raw.position), raw]));
    const goneNames = new Set(gone.map(positionText));
    const fetched: Fetched[] = [];
    for (const { position, dueAtMonoMs } of due) {
      const raw = byPosition.get(positionText(position));
      if (raw !== undefined) fetched.push({ raw, dueAtMonoMs });
      else if (!goneNames.has(positionText(position))) this.#again(position, term);
    }
    if (fetched.length === 0) this.#progressed(gone.length, term);
    return fetched;
  }

  #again(position: AlarmPosition, term: AbortSignal): void {
    const { clock, random } = this.#deps;
    if (this.#isOpen(position, term)) this.#due.add(position, clock.monoMs() + againAfterMs * (1 + random()));
  }

  #progressed(count: number, term: AbortSignal): void {
    this.#failures = count > 0 || term.aborted ? 0 : this.#failures + 1;
  }

  /** Nobody can send what Kafka has forgotten: told, and passed. */
  #vanished(gone: readonly AlarmPosition[], term: AbortSignal): void {
    const ours = gone.filter((position) => this.#isOpen(position, term));
    for (const position of ours) this.#deps.telemetry.event('retry_vanished', { ...position });
    if (isNonEmpty(ours)) this.#deps.outlet.finished(ours, 'expired');
  }

  async #park(raw: RawAlarm, detail: string, term: AbortSignal): Promise<void> {
    const { deadLetters, clock, random, telemetry, outlet } = this.#deps;
    if (!this.#isOpen(raw.position, term)) return;
    telemetry.event('retry_unreadable', { ...raw.position, detail });
    for (let failures = 1; !term.aborted; failures += 1) {
      try {
        await deadLetters.park(
          { position: raw.replay?.source ?? raw.position, reason: 'malformed', raw: raw.value, detail },
          term,
        );
        if (this.#isOpen(raw.position, term)) outlet.finished([raw.position], 'malformed');
        return;
      } catch (error) {
        if (!term.aborted && !(error instanceof EngineError && error.retriable)) throw error;
      }
      await clock.sleep(backOffMs(pauses, failures, random), term);
    }
  }

  #isOpen(position: AlarmPosition, term: AbortSignal): boolean {
    return !term.aborted && this.#open.has(partitionText(position));
  }
}
