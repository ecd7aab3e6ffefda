import type { AlarmStatus } from '../domain/alarm-status.js';
import type { Clock, Random } from '../ports/system.js';
import type { Announcement, AnnouncementSink, Finding, Receipt, WatchedAlarm } from './announcement.js';
import { lastingPauseMs } from './back-off.js';
import { type Announced, nextAnnouncement, statusBefore } from './next-announcement.js';
import type { Slots } from './slots.js';

/** Hears what becomes of announcements, for logs and figures. Must not throw. */
export interface AnnouncerEars {
  attempted(announcement: Announcement, receipt: Receipt, seconds: number): void;
  /** Accepted, or replaced by something newer before it was. */
  ended(announcement: Omit<Announcement, 'attempt'>, outcome: 'accepted' | 'superseded'): void;
}

export interface AnnouncerOptions {
  readonly sink: AnnouncementSink;
  /** Attempts before the pauses get long; there is no last one. */
  readonly quickAttempts: number;
  /** Undefined: attempts take no place. */
  readonly slots: Slots | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly ears: AnnouncerEars;
}

interface Task {
  readonly kind: 'transition' | 'repeat';
  readonly status: AlarmStatus;
  readonly sinceMonoMs: number;
  finding: Finding;
  attempts: number;
}

interface Watched {
  alarm: WatchedAlarm;
  announced: Announced;
  observed: Finding | undefined;
  task: Task | undefined;
  /** Ends the attempt under way. */
  sending: AbortController | undefined;
  /** Ends the pause under way. */
  pausing: AbortController | undefined;
  isWorking: boolean;
  isRemoved: boolean;
}

/**
 * Tells of every change of state once, and of what goes on firing again and again; never gives up, never tells what is over.
 *
 * One attempt per alarm is under way at a time. A newer state replaces one that waits; one that is under way is awaited, unless the sink
 * keeps order by itself. What is believed to be announced, and the repeat timer, move only when an attempt was accepted.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #stopping = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #works = new Set<Promise<void>>();
  #pendingCount = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Something was found. What the sink remembers of the alarm counts from its first finding on. */
  observe(alarm: WatchedAlarm, finding: Finding): void {
    const watched = this.#watched.get(alarm.key) ?? this.#watch(alarm);
    watched.alarm = alarm;
    watched.isRemoved = false;
    watched.observed = finding;
    this.#decide(watched);
    watched.pausing?.abort();
  }

  /** Nobody watches it any more: what is pending ends, and who may have heard that it fires is told that it does not. */
  remove(alarm: WatchedAlarm, reason: string): void {
    const watched = this.#watched.get(alarm.key) ?? this.#watch(alarm);
    watched.isRemoved = true;
    const scheduledMonoMs = this.#options.clock.monoMs();
    watched.observed = { status: 'OK', reason, details: undefined, scheduledMonoMs };
    this.#decide(watched);
    watched.pausing?.abort();
    this.#forgetIfDone(watched);
  }

  /** The latest status found; undefined before the first. */
  observedOf(key: string): AlarmStatus | undefined {
    return this.#watched.get(key)?.observed?.status;
  }

  /** The status last accepted. */
  announcedOf(key: string): AlarmStatus | undefined {
    return this.#watched.get(key)?.announced.status;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** How long the oldest pending announcement has waited; 0 when there is none. */
  oldestPendingMs(): number {
    const nowMonoMs = this.#options.clock.monoMs();
    let oldestMs = 0;
    for (const { task } of this.#watched.values()) {
      if (task !== undefined) oldestMs = Math.max(oldestMs, nowMonoMs - task.sinceMonoMs);
    }
    return oldestMs;
  }

  /** Begins nothing new, gives what is under way `graceMs`, then closes the sink. What needs no place has its next attempt now. */
  async close(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#options.slots?.close();
    for (const { pausing } of this.#watched.values()) pausing?.abort();
    const limit = this.#options.clock.limit(graceMs);
    limit.signal.addEventListener('abort', () => this.#giveUp.abort(), { once: true });
    await Promise.all(this.#works);
    limit.clear();
    await this.#options.sink.close();
  }

  #watch(alarm: WatchedAlarm): Watched {
    const { clock, sink } = this.#options;
    const old = sink.remembered(alarm.key);
    const agoMs = old === undefined ? 0 : Math.max(0, clock.nowMs() - old.acceptedAtMs);
    const sinceMonoMs = old === undefined ? undefined : clock.monoMs() - agoMs;
    const sentMonoMs = sinceMonoMs ?? 0;
    const announced = { status: old?.status ?? 'OK', maybe: old?.maybe, sinceMonoMs, sentMonoMs } as const;
    const watched: Watched = {
      alarm,
      announced,
      observed: undefined,
      task: undefined,
      sending: undefined,
      pausing: undefined,
      isWorking: false,
      isRemoved: false,
    };
    this.#watched.set(alarm.key, watched);
    return watched;
  }

  /** Makes the task of an alarm what it should be now. One that is under way is left alone, and decided on when it has ended. */
  #decide(watched: Watched): void {
    const { observed, announced, task, alarm } = watched;
    if (observed === undefined) return;
    const { status, scheduledMonoMs } = observed;
    const at = { scheduledMonoMs, nowMonoMs: this.#options.clock.monoMs() };
    const next = nextAnnouncement(announced, status, at, alarm.repeatMs);
    const isSame = task !== undefined && task.status === observed.status && (next === task.kind || next === 'nothing');
    if (watched.sending !== undefined) {
      if (!isSame && this.#options.sink.keepsOrder) watched.sending.abort();
      return;
    }
    if (task !== undefined && next === task.kind && task.status === observed.status) {
      task.finding = observed;
      return;
    }
    if (task !== undefined) this.#end(watched, task, 'superseded');
    if (next !== 'nothing') this.#begin(watched, next, observed);
  }

  #begin(watched: Watched, kind: Task['kind'], finding: Finding): void {
    const sinceMonoMs = this.#options.clock.monoMs();
    watched.task = { kind, status: finding.status, sinceMonoMs, finding, attempts: 0 };
    this.#pendingCount += 1;
    if (watched.isWorking || this.#stopping.signal.aborted) return;
    watched.isWorking = true;
    const work = this.#work(watched).finally(() => this.#works.delete(work));
    this.#works.add(work);
  }

  #end(watched: Watched, task: Task, outcome: 'accepted' | 'superseded'): void {
    const { kind, finding } = task;
    const oldStatus = statusBefore(watched.announced, task.status);
    this.#options.ears.ended({ alarm: watched.alarm, kind, finding, oldStatus }, outcome);
    watched.task = undefined;
    this.#pendingCount -= 1;
  }

  /** Tells until nothing is left to tell of this alarm. */
  async #work(watched: Watched): Promise<void> {
    const { slots, clock, random, quickAttempts } = this.#options;
    const stop = this.#stopping.signal;
    while (watched.task !== undefined && !stop.aborted) {
      if (slots !== undefined && !(await slots.enter('before'))) break;
      const { task } = watched;
      if (task !== undefined) await this.#attempt(watched, task);
      slots?.leave();
      if (task === undefined || watched.task !== task || stop.aborted) continue;
      watched.pausing = new AbortController();
      await clock.sleep(lastingPauseMs(task.attempts, quickAttempts, random), watched.pausing.signal);
      watched.pausing = undefined;
      const { task: left } = watched;
      if (stop.aborted && slots === undefined && left !== undefined) await this.#attempt(watched, left);
    }
    watched.isWorking = false;
    this.#forgetIfDone(watched);
  }

  async #attempt(watched: Watched, task: Task): Promise<void> {
    const { sink, clock, ears } = this.#options;
    const { alarm, announced } = watched;
    task.attempts += 1;
    const { kind, finding, attempts } = task;
    const announcement = { alarm, kind, finding, attempt: attempts, oldStatus: statusBefore(announced, task.status) };
    const sending = new AbortController();
    watched.sending = sending;
    const give = () => sending.abort();
    this.#giveUp.signal.addEventListener('abort', give, { once: true });
    const sentAtMonoMs = clock.monoMs();
    const receipt = await sink.deliver(announcement, sending.signal);
    this.#giveUp.signal.removeEventListener('abort', give);
    watched.sending = undefined;
    ears.attempted(announcement, receipt, (clock.monoMs() - sentAtMonoMs) / 1_000);
    if (receipt.outcome === 'accepted') {
      this.#end(watched, task, 'accepted');
      const sinceMonoMs = attempts === 1 ? finding.scheduledMonoMs : sentAtMonoMs;
      watched.announced = { status: task.status, maybe: undefined, sinceMonoMs, sentMonoMs: sentAtMonoMs };
    } else if (receipt.outcome === 'unknown') {
      watched.announced = { ...announced, maybe: announced.maybe ?? task.status };
    }
    this.#decide(watched);
  }

  #forgetIfDone(watched: Watched): void {
    const { isRemoved, isWorking, task, alarm } = watched;
    if (!isRemoved || isWorking || task !== undefined || this.#watched.get(alarm.key) !== watched) return;
    this.#watched.delete(alarm.key);
    this.#options.sink.forget(alarm.key);
  }
}
