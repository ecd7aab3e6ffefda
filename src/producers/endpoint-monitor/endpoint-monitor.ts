import type { Endpoint } from '../../domain/endpoint.js';
import type { NonEmpty } from '../../domain/position.js';
import type { Clock } from '../../ports/system.js';
import { FixedRate, gridAfter, type Recurring } from '../fixed-rate.js';
import type { CheckResult } from './check-result.js';
import { type CyclePlan, planCycle } from './cycle-plan.js';
import { LoopWatch } from './loop-watch.js';
import type { EndpointProber, RunningCheck } from './prober.js';

export interface MonitorOptions {
  readonly endpoints: NonEmpty<Endpoint>;
  readonly prober: EndpointProber;
  readonly clock: Clock;
  /** From the start of one cycle to the start of the next. */
  readonly everyMs: number;
  /** Cycles start before this time is over; undefined: for ever. */
  readonly durationMs: number | undefined;
  readonly thresholdMs: number;
  readonly ears: MonitorEars;
}

/** Hears what the monitor finds. Must not throw. */
export interface MonitorEars {
  checked(result: CheckResult): void;
  /** A check whose result is void, since this process stood still meanwhile. */
  disturbed(): void;
  /** Every check has its result, or was disturbed. */
  cycleEnded(cycle: EndedCycle): void;
  /** So many starts in a row were missed. */
  startsMissed(count: number): void;
}

export interface EndedCycle {
  /** From 1. */
  readonly number: number;
  /** How late it began. */
  readonly lagMs: number;
  readonly durationMs: number;
  /** The longest time for which this process did not listen. */
  readonly loopDelayMs: number;
}

/** Where the monitor is, for those who watch. */
export interface MonitorProgress {
  /** From 1; 0 before the first cycle. */
  readonly cycle: number;
  readonly doneCount: number;
  readonly degradedCount: number;
  readonly downCount: number;
  readonly inFlightCount: number;
  readonly nextAtMonoMs: number;
}

/** Starts that are overdue come a few at a time: each holds up the answers to the others. */
const burstMs = 2;
const longestSleepMs = 3_600_000;

/**
 * Checks all endpoints in every cycle. Cycle n starts at n times the interval after the first, whatever happened before; a start that was
 * missed is left out, so cycles neither drift nor overlap nor stack up.
 */
export class EndpointMonitor {
  readonly #options: MonitorOptions;
  readonly #plan: CyclePlan;
  readonly #running = new Set<RunningCheck>();
  #plannedMonoMs = Number.NEGATIVE_INFINITY;
  #progress = { cycle: 0, doneCount: 0, degradedCount: 0, downCount: 0, nextAtMonoMs: 0 };

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#plan = planCycle(options.endpoints.length, options.everyMs, options.thresholdMs);
  }

  get progress(): MonitorProgress {
    return { ...this.#progress, inFlightCount: this.#running.size };
  }

  /** Runs until the duration is over, or `stop` aborts: then running checks are cut off and count for nothing. */
  async run(stop: AbortSignal): Promise<'complete' | 'stopped'> {
    const { clock, durationMs = Number.POSITIVE_INFINITY } = this.#options;
    const firstMonoMs = clock.monoMs();
    const endMonoMs = firstMonoMs + durationMs;
    const schedule = new FixedRate(clock);
    const watch = new LoopWatch(clock);
    let cycle = Promise.resolve();
    const job: Recurring = {
      nextAfter: (monoMs) => gridAfter(firstMonoMs, this.#plan.everyMs, monoMs),
      run: (plannedMonoMs) => {
        if (plannedMonoMs < endMonoMs) cycle = this.#turn(plannedMonoMs, watch, stop);
        return cycle;
      },
      // It is missing in the times that follow, and counted there.
      overlapped: () => undefined,
    };
    const over = new AbortController();
    schedule.add(job, firstMonoMs);
    const starts = schedule.run(over.signal);
    await this.#waitUntil(endMonoMs, stop);
    schedule.remove(job);
    await cycle;
    over.abort();
    await starts;
    watch.close();
    return stop.aborted ? 'stopped' : 'complete';
  }

  /** Timers may fire a little early, and do not take any time. */
  async #waitUntil(monoMs: number, stop: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let leftMs = monoMs - clock.monoMs(); leftMs > 0 && !stop.aborted; leftMs = monoMs - clock.monoMs()) {
      await clock.sleep(Math.min(longestSleepMs, Math.ceil(leftMs)), stop);
    }
  }

  /** One time of the schedule: the cycle, or no cycle when it is too late for one. */
  async #turn(plannedMonoMs: number, watch: LoopWatch, stop: AbortSignal): Promise<void> {
    if (stop.aborted) return;
    const { clock, ears } = this.#options;
    const { everyMs, latestMs } = this.#plan;
    const missedCount = Math.round((plannedMonoMs - this.#plannedMonoMs) / everyMs) - 1;
    if (missedCount > 0 && missedCount < Number.POSITIVE_INFINITY) ears.startsMissed(missedCount);
    this.#plannedMonoMs = plannedMonoMs;
    const lagMs = clock.monoMs() - plannedMonoMs;
    if (lagMs > latestMs) {
      ears.startsMissed(1);
      return;
    }
    watch.takeWorstMs();
    await this.#cycle(plannedMonoMs, watch, stop);
    if (stop.aborted) return;
    const durationMs = clock.monoMs() - plannedMonoMs;
    ears.cycleEnded({ number: this.#progress.cycle, lagMs, durationMs, loopDelayMs: watch.takeWorstMs() });
  }

  async #cycle(plannedMonoMs: number, watch: LoopWatch, stop: AbortSignal): Promise<void> {
    const { endpoints, clock } = this.#options;
    const { spacingMs, everyMs } = this.#plan;
    const cycle = this.#progress.cycle + 1;
    this.#progress = { cycle, doneCount: 0, degradedCount: 0, downCount: 0, nextAtMonoMs: plannedMonoMs + everyMs };
    // Ends with the last result, or when all checks are cut off.
    const ended = new AbortController();
    const end = () => ended.abort();
    const cut = () => {
      for (const check of this.#running) check.cut();
      this.#running.clear();
      end();
    };
    stop.addEventListener('abort', cut, { once: true });
    const burstCount = Math.max(1, Math.ceil(burstMs / spacingMs));
    for (let next = 0; next < endpoints.length && !stop.aborted; ) {
      const dueCount = Math.floor((clock.monoMs() - plannedMonoMs) / spacingMs) + 1;
      const until = Math.min(endpoints.length, dueCount, next + burstCount);
      for (const endpoint of endpoints.slice(next, until)) this.#start(endpoint, plannedMonoMs, watch, end);
      next = Math.max(next, until);
      if (next < endpoints.length) {
        const waitMs = plannedMonoMs + next * spacingMs - clock.monoMs();
        await clock.sleep(Math.max(1, waitMs), stop);
      }
    }
    while (!ended.signal.aborted) await clock.sleep(longestSleepMs, ended.signal);
    stop.removeEventListener('abort', cut);
  }

  #start(endpoint: Endpoint, plannedMonoMs: number, watch: LoopWatch, onLast: () => void): void {
    const { prober, clock, ears, endpoints } = this.#options;
    const startedAtMonoMs = clock.monoMs();
    const leftMs = this.#plan.endMs - (startedAtMonoMs - plannedMonoMs);
    const check = prober.check(endpoint, Math.max(1, Math.min(this.#plan.limitMs, leftMs)), (result) => {
      this.#running.delete(check);
      this.#progress.doneCount += 1;
      // An answer that was heard late was measured too long; one that was missed may have come.
      if (result.grade !== 'up' && watch.wasFrozenSince(startedAtMonoMs)) ears.disturbed();
      else this.#count(result);
      if (this.#progress.doneCount === endpoints.length) onLast();
    });
    this.#running.add(check);
  }

  #count(result: CheckResult): void {
    if (result.grade === 'degraded') this.#progress.degradedCount += 1;
    if (result.grade === 'down') this.#progress.downCount += 1;
    this.#options.ears.checked(result);
  }
}
