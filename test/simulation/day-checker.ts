import type { Notification } from '../../src/domain/notification.js';
import type { OutcomeRecord } from '../../src/domain/outcome.js';
import { positionText } from '../../src/domain/position.js';
import { periodMs } from './waiting-topic.js';

/** The time from the last look at the database to the receiver: slow links, frozen processes and a receiver's time-out lie in it. */
const onTheWayMs = 30_000;
const mostAttempts = 6;

/** One alarm in one state, from the moment when its database said so. */
interface Stretch {
  readonly alarmId: string;
  readonly state: string;
  readonly fromMs: number;
  toMs: number | undefined;
}

const subjectOf = (alarm: Notification['alarm'], method: Notification['method']) => `${alarm.alarmId} ${method.id}`;

/** The tellings of one transition to one method. */
interface Chain {
  readonly name: string;
  readonly changedAtMs: number;
  /** When the first telling was recorded as sent; more than once, when the record was lost. */
  readonly firstSentAtMs: number[];
  readonly dueAtMs: Map<number, number>;
  readonly told: Set<number>;
  /** An outcome after which nothing is told any more. */
  end: OutcomeRecord['outcome'] | undefined;
}

interface World {
  nowMs(): number;
  fail(text: string): void;
}

/**
 * Looks at a day of retries and repeats from outside: who was told what and when, and what went on record.
 *
 * Every transition ends for every method; attempts are bounded; repeats come in the rhythm of the first telling, one per period, never
 * before their time, never after the alarm is over; and the end of every row of repeats is on record.
 */
export class DayChecker {
  repeatCount = 0;
  retryCount = 0;
  lateCount = 0;
  readonly #world: World;
  readonly #stretches = new Map<string, Stretch[]>();
  readonly #chains = new Map<string, Chain>();
  readonly #bySubject = new Map<string, readonly Chain[]>();

  constructor(world: World) {
    this.#world = world;
  }

  stateOf(alarmId: string): string | undefined {
    return this.#stretches.get(alarmId)?.at(-1)?.state;
  }

  moved(alarmId: string, state: string): void {
    const all = this.#stretches.get(alarmId) ?? [];
    this.#stretches.set(alarmId, all);
    const last = all.at(-1);
    const fromMs = this.#world.nowMs();
    if (last !== undefined) last.toMs = fromMs;
    all.push({ alarmId, state, fromMs, toMs: undefined });
  }

  /** The bytes of a telling reach its receiver. */
  told(notification: Notification): void {
    const { alarm, method, attempt, repeat, dueAtMs } = notification;
    const nowMs = this.#world.nowMs();
    const what = `repeat ${repeat}, attempt ${attempt} of ${positionText(alarm.position)} to ${method.id}`;
    if (attempt > mostAttempts) this.#world.fail(`too many attempts: ${what}`);
    if (attempt > 1) this.retryCount += 1;
    if (repeat === 0 || dueAtMs === undefined) return;
    if (attempt > 1) this.#world.fail(`a repeat was tried again: ${what}`);
    this.repeatCount += 1;
    if (nowMs < dueAtMs - 1) this.#world.fail(`before its time, by ${dueAtMs - nowMs} ms: ${what}`);
    if (nowMs > dueAtMs + 1_000) this.lateCount += 1;
    const untilMs = nowMs - onTheWayMs;
    const lately = (this.#stretches.get(alarm.alarmId) ?? []).filter(({ toMs = nowMs }) => toMs >= untilMs);
    if (!lately.some(({ state }) => state === 'ALARM')) this.#world.fail(`the alarm is over: ${what}`);
    const isNewer = ({ changedAtMs, firstSentAtMs }: Chain) =>
      changedAtMs > alarm.changedAtMs && firstSentAtMs.some((atMs) => atMs <= untilMs);
    if (this.#chainsOf(notification).some(isNewer)) this.#world.fail(`beside those of a newer transition: ${what}`);
    this.#checkRhythm(this.#chainOf(notification), repeat, dueAtMs, what);
  }

  recorded(record: OutcomeRecord): void {
    const { notification, outcome, nextRepeat } = record;
    const chain = this.#chainOf(notification);
    if (outcome === 'sent' && notification.repeat === 0) chain.firstSentAtMs.push(record.sentAtMs);
    if (outcome === 'sent') chain.told.add(notification.repeat);
    if (nextRepeat === undefined && outcome !== 'retrying') chain.end = outcome;
    if (outcome === 'retrying' && notification.repeat > 0 && nextRepeat === undefined)
      this.#world.fail(`a repeat became a retry: ${chain.name}`);
  }

  /** The day is over: every alarm is OK, and what follows from that has happened. */
  leftOver(): readonly string[] {
    return [...this.#chains.values()]
      .filter(({ end }) => end === undefined)
      .map(({ name, told }) => `not ended, told ${told.size} times: ${name}`);
  }

  #checkRhythm(chain: Chain, repeat: number, dueAtMs: number, what: string): void {
    const isInRow = chain.firstSentAtMs.some((firstMs) => (dueAtMs - firstMs) % periodMs === 0);
    if (!isInRow) this.#world.fail(`out of the rhythm of ${chain.firstSentAtMs.join(', ')}, due ${dueAtMs}: ${what}`);
    const known = chain.dueAtMs.get(repeat);
    if (known !== undefined && known !== dueAtMs && chain.firstSentAtMs.length < 2)
      this.#world.fail(`due ${known} and ${dueAtMs}: ${what}`);
    chain.dueAtMs.set(repeat, dueAtMs);
    const before = chain.dueAtMs.get(repeat - 1);
    if (before !== undefined && dueAtMs - before < periodMs && chain.firstSentAtMs.length < 2)
      this.#world.fail(`only ${dueAtMs - before} ms after the one before: ${what}`);
  }

  #chainOf(notification: Notification): Chain {
    const { alarm, method } = notification;
    const name = `${positionText(alarm.position)} to ${method.id}`;
    const chain = this.#chains.get(name) ?? {
      ...{ name, changedAtMs: alarm.changedAtMs, firstSentAtMs: [], dueAtMs: new Map(), told: new Set<number>() },
      end: undefined,
    };
    if (!this.#chains.has(name))
      this.#bySubject.set(subjectOf(alarm, method), [...this.#chainsOf(notification), chain]);
    this.#chains.set(name, chain);
    return chain;
  }

  #chainsOf({ alarm, method }: Notification): readonly Chain[] {
    return this.#bySubject.get(subjectOf(alarm, method)) ?? [];
  }
}
