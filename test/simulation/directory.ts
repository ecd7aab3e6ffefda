import type { Alarm } from '../../src/domain/alarm.js';
import { EngineError, givenUp } from '../../src/domain/errors.js';
import type { NotificationMethod } from '../../src/domain/notification.js';
import { Secret } from '../../src/domain/secret.js';
import type { AskedMethods, MethodDirectory } from '../../src/ports/directory.js';
import type { SimProcess } from './process.js';
import type { Scheduler } from './scheduler.js';

/** Whom each definition tells. */
export const definitions: Readonly<Record<string, readonly string[]>> = {
  one: ['m0'],
  two: ['m1', 'm2'],
  all: ['m0', 'm1', 'm2'],
  none: [],
};

/** For how long an answer is waited for. */
const lostAnswerMs = 5_000;

/** MySQL: there, or away. */
export class SimDatabase {
  /** What the table of alarms says; undefined where nobody keeps it. */
  stateOf: (alarmId: string) => string | undefined = () => undefined;
  /** What some methods ask for. */
  readonly periodMs = new Map<string, number>();
  readonly #scheduler: Scheduler;
  #awayUntilMs = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get isAway(): boolean {
    return this.#scheduler.nowMs < this.#awayUntilMs;
  }

  goAway(ms: number): void {
    this.#awayUntilMs = Math.max(this.#awayUntilMs, this.#scheduler.nowMs + ms);
  }
}

/** What one worker asks MySQL. */
export class SimDirectory implements MethodDirectory {
  readonly #database: SimDatabase;
  readonly #process: SimProcess;

  constructor(database: SimDatabase, process: SimProcess) {
    this.#database = database;
    this.#process = process;
  }

  async methodsFor(alarm: Alarm, signal: AbortSignal): Promise<readonly NotificationMethod[]> {
    await this.ping(signal);
    return (definitions[alarm.alarmDefinitionId ?? ''] ?? []).map((id) => this.#methodOf(id));
  }

  async askedFor(alarm: Alarm, signal: AbortSignal): Promise<AskedMethods> {
    return { immediate: await this.methodsFor(alarm, signal), digest: [] };
  }

  async mayHaveDigests(): Promise<boolean> {
    return false;
  }

  async methodById(id: string, signal: AbortSignal): Promise<NotificationMethod | undefined> {
    await this.ping(signal);
    return this.#methodOf(id);
  }

  async alarmState(alarmId: string, signal: AbortSignal): Promise<string | undefined> {
    await this.ping(signal);
    return this.#database.stateOf(alarmId);
  }

  async ping(signal: AbortSignal): Promise<void> {
    const { clock, chance } = this.#process;
    const fate = this.#process.call('mysql');
    await clock.sleep(chance.delayMs(1), signal);
    if (signal.aborted) throw givenUp('the question was given up');
    if (!this.#database.isAway && fate === 'passes') return;
    await clock.sleep(fate === 'loses the answer' ? lostAnswerMs : chance.delayMs(100), signal);
    throw new EngineError('DIRECTORY_UNAVAILABLE', 'MySQL is away', { retriable: true });
  }

  async close(): Promise<void> {}

  #methodOf(id: string): NotificationMethod {
    return { id, name: id, type: 'sim', address: new Secret(id), periodMs: this.#database.periodMs.get(id) ?? 0 };
  }
}
