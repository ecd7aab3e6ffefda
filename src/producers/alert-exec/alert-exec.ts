import { setMaxListeners } from 'node:events';
import { Bell } from '../../domain/bell.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { AnnouncementSink } from '../announcement.js';
import { Announcer } from '../announcer.js';
import { FixedRate } from '../fixed-rate.js';
import { Slots } from '../slots.js';
import type { AlertList } from './alert.js';
import { AlertJob, alarmOf, type EvaluationRules, type JobDeps, type Place } from './alert-job.js';
import { AlertListLoader } from './alert-list.js';
import { sharesOf } from './alert-times.js';
import type { AlertsClient } from './alerts-client.js';
import { announcementLog } from './announcement-log.js';
import { type AlertState, alertStates, type StateName, stateLines } from './states.js';

export interface AlertExecOptions {
  /** Groups of workers, and requests at a time; never more than there are alerts. */
  readonly concurrency: number;
  readonly tickMs: number;
  readonly rules: EvaluationRules;
  /** Undefined: the list is loaded at the start and on request. */
  readonly refreshMs: number | undefined;
  /** Writes all states to the log every 10 s. */
  readonly showsStates: boolean;
}

export interface AlertExecDeps {
  readonly client: AlertsClient;
  /** `timeoutOf` is the time limit of one request for an alert. */
  readonly openSink: (timeoutOf: (name: string) => number) => AnnouncementSink;
  /** True when the sink speaks to the alerts server too, so that its requests count among those in flight. */
  readonly sinkTakesSlots: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

const graceMs = 5_000;
/** A tenth of what a start may be late by; evaluations gathered so take a quarter less of the processor. */
const shortestSleepMs = 5;
const statesEveryMs = 10_000;
const neverMs = 86_400_000;

/** Evaluates all alerts of a server, each at its own rate, and has every change of state announced. */
export class AlertExec {
  readonly #options: AlertExecOptions;
  readonly #deps: AlertExecDeps;
  readonly #loader: AlertListLoader;
  readonly #announcer: Announcer;
  readonly #schedule: FixedRate;
  readonly #slots: Slots;
  readonly #sink: AnnouncementSink;
  readonly #jobs = new Map<string, AlertJob>();
  #startMonoMs = 0;
  readonly #refreshWanted = new Bell();

  constructor(options: AlertExecOptions, deps: AlertExecDeps) {
    const { rules, concurrency } = options;
    const { clock, random, telemetry } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#slots = new Slots(concurrency);
    this.#schedule = new FixedRate(clock, shortestSleepMs);
    this.#loader = new AlertListLoader({ ...rules, ...deps, slots: this.#slots });
    this.#sink = deps.openSink((name) =>
      Math.min(rules.timeoutMs, this.#jobs.get(name)?.alert.intervalMs ?? rules.timeoutMs),
    );
    this.#announcer = new Announcer({
      sink: this.#sink,
      quickAttempts: rules.attempts,
      slots: deps.sinkTakesSlots ? this.#slots : undefined,
      clock,
      random,
      ears: announcementLog(telemetry, rules.attempts),
    });
  }

  /** Until `stop` aborts, or at once when there is nothing to evaluate and the list is not to be loaded again. */
  async run(stop: AbortSignal): Promise<'stopped' | 'no alerts'> {
    // Each request under way listens to it; hundreds of listeners are no leak.
    setMaxListeners(0, stop);
    const list = await this.#loader.first(stop);
    const isIdle = list?.alerts.length === 0;
    if (list !== undefined && !isIdle) this.#adopt(list, stop);
    const stopShowing = this.#options.showsStates
      ? this.#deps.clock.every(statesEveryMs, () => this.#showStates())
      : () => undefined;
    const isOver = list === undefined || (isIdle && this.#options.refreshMs === undefined);
    if (!isOver) await Promise.all([this.#schedule.run(stop), this.#refreshing(stop)]);
    this.#slots.close();
    stopShowing();
    await this.#announcer.close(graceMs);
    return stop.aborted ? 'stopped' : 'no alerts';
  }

  /** Loads the list of alerts now. */
  refresh(): void {
    this.#refreshWanted.ring();
  }

  /** Why the list is missing; undefined when it is there. */
  get listProblem(): string | undefined {
    return this.#loader.problem;
  }

  states(): readonly AlertState[] {
    return alertStates(this.#jobs.values(), this.#announcer);
  }

  /** Brings the gauges up to date, before somebody looks at them. */
  updateGauges(): void {
    const { telemetry } = this.#deps;
    const counts: Record<StateName, number> = { PASS: 0, WARN: 0, CRITICAL: 0, UNKNOWN: 0 };
    for (const { state } of this.states()) counts[state] += 1;
    for (const [state, count] of Object.entries(counts))
      telemetry.gauge('alert_exec_alerts_in_state', count, { state });
    telemetry.gauge('alert_exec_alerts', this.#jobs.size);
    telemetry.gauge('alert_exec_pending_deliveries', this.#announcer.pendingCount);
    telemetry.gauge('alert_exec_oldest_pending_seconds', this.#announcer.oldestPendingMs() / 1_000);
  }

  #tellStart(list: AlertList): void {
    const workers = this.#groupCount(list.alerts.length);
    const tell = (msg: string) => this.#deps.telemetry.event('alert_exec_started', { msg });
    tell(`Evaluating ${list.alerts.length} alerts, ${list.skippedCount} skipped`);
    tell(`${workers} workers each for poll, notify and resolve; tick ${this.#options.tickMs / 1_000} s`);
    tell(`${this.#options.rules.attempts} attempts per request`);
    tell('Press Ctrl-C to exit');
  }

  async #refreshing(stop: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const { refreshMs } = this.#options;
    for (let heardCount = 0; !stop.aborted; ) {
      const hasRung = await this.#refreshWanted.wait(refreshMs ?? neverMs, clock, stop, heardCount);
      if (stop.aborted) break;
      heardCount = this.#refreshWanted.rungCount;
      const list = hasRung || refreshMs !== undefined ? await this.#loader.again(stop) : undefined;
      if (list !== undefined && !stop.aborted) this.#adopt(list, stop);
    }
  }

  /** Takes a list over: what is new begins at once, what is gone ends, and what has changed goes on with the state that it has. */
  #adopt(list: AlertList, stop: AbortSignal): void {
    const nowMonoMs = this.#deps.clock.monoMs();
    if (this.#jobs.size === 0 && list.alerts.length > 0) {
      // The ticks begin with the first alerts, however late those come.
      this.#startMonoMs = nowMonoMs;
      this.#tellStart(list);
    }
    this.#slots.resize(this.#groupCount(list.alerts.length));
    const names = new Set(list.alerts.map(({ name }) => name));
    for (const job of this.#jobs.values()) if (!names.has(job.alert.name)) this.#drop(job);
    this.#dropRemembered(names);
    const places = this.#placesOf(list, nowMonoMs);
    for (const [index, alert] of list.alerts.entries()) {
      const place = places[index];
      const job = this.#jobs.get(alert.name);
      if (place === undefined) continue;
      if (job === undefined) {
        const added = new AlertJob(alert, place, this.#jobDeps(stop));
        this.#jobs.set(alert.name, added);
        this.#schedule.add(added, nowMonoMs);
      } else if (job.alert.intervalMs === alert.intervalMs) job.update(alert, job.place);
      else {
        job.update(alert, place);
        this.#schedule.add(job, nowMonoMs);
      }
    }
  }

  #placesOf({ alerts }: AlertList, dueMonoMs: number): readonly Place[] {
    const groupCount = this.#groupCount(alerts.length);
    const intervalsMs = alerts.map(({ intervalMs }) => intervalMs);
    return sharesOf(intervalsMs, groupCount, this.#options.tickMs).map((shareMs, index) => ({
      dueMonoMs,
      shareMs,
      group: String((index % groupCount) + 1).padStart(3, '0'),
    }));
  }

  #drop(job: AlertJob): void {
    this.#schedule.remove(job);
    job.end();
    this.#jobs.delete(job.alert.name);
    this.#announcer.remove(job.alarm, 'the alert was removed');
  }

  /** Alerts that an earlier run announced and that are not in the list any more. */
  #dropRemembered(names: ReadonlySet<string>): void {
    const none = { value: 0, message: '' };
    const times = { intervalMs: 1, repeatMs: neverMs, sustainMs: 0, warn: none, critical: none };
    for (const name of this.#sink.rememberedKeys()) {
      if (names.has(name) || this.#announcer.observedOf(name) !== undefined) continue;
      this.#announcer.remove(
        alarmOf({ ...times, name, query: name }, this.#options.rules, '001'),
        'the alert was removed',
      );
    }
  }

  #jobDeps(stop: AbortSignal): JobDeps {
    const { rules, tickMs } = this.#options;
    const ticks = { startMonoMs: this.#startMonoMs, tickMs };
    return { ...this.#deps, announcer: this.#announcer, slots: this.#slots, rules, ticks, stop };
  }

  #groupCount(alertCount: number): number {
    return Math.max(1, Math.min(this.#options.concurrency, alertCount));
  }

  #showStates(): void {
    for (const line of stateLines(this.states())) this.#deps.telemetry.event('alert_states', { msg: line });
  }
}
