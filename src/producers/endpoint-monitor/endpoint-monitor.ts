import type { Endpoint } from '../../domain/endpoint.js';
import type { NonEmpty } from '../../domain/position.js';
import type { Clock } from '../../ports/system.js';
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

/**
 * Checks all endpoints in every cycle. Cycle n starts at n times the interval after the first, whatever happened before; a start that was
 * missed is left out, so cycles neither drift nor overlap nor stack up.
 */
export class EndpointMonitor {
  readonly #options: MonitorOptions;
  readonly #plan: CyclePlan;
  readonly #running = new Set<RunningCheck>();
  #watch: LoopWatch | undefined;
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
    const { clock, durationMs = Number.POSITIVE_INFINITY, ears } = this.#options;
    const watch = new LoopWatch(clock);
    this.#watch = watch;
    const startMonoMs = clock.monoMs();
    const { everyMs, latestMs } = this.#plan;
    for (let n = 0; n * everyMs < durationMs; n += 1) {
      const plannedMonoMs = startMonoMs + n * everyMs;
      this.#progress.nextAtMonoMs = plannedMonoMs;
      await this.#waitUntil(plannedMonoMs, stop);
      if (stop.aborted) break;
      const lagMs = clock.monoMs() - plannedMonoMs;
      if (lagMs > latestMs) {
        const missedCount = Math.floor((lagMs - latestMs) / everyMs) + 1;
        ears.startsMissed(missedCount);
        n += missedCount - 1;
        continue;
      }
      watch.takeWorstMs();
      await this.#cycle(plannedMonoMs, stop);
      if (stop.aborted) break;
      const tookMs = clock.monoMs() - plannedMonoMs;
      const number = this.#progress.cycle;
      ears.cycleEnded({ number, lagMs, durationMs: tookMs, loopDelayMs: watch.takeWorstMs() });
    }
    if (durationMs !== Number.POSITIVE_INFINITY) await this.#waitUntil(startMonoMs + durationMs, stop);
    watch.close();
    return stop.aborted ? 'stopped' : 'complete';
  }

  /** Timers may fire a little early. */
  async #waitUntil(monoMs: number, stop: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let leftMs = monoMs - clock.monoMs(); leftMs > 0 && !stop.aborted; leftMs = monoMs - clock.monoMs()) {
      await clock.sleep(Math.min(longestSleepMs, Math.ceil(leftMs)), stop);
    }
  }

  async #cycle(plannedMonoMs: number, stop: AbortSignal): Promise<void> {
    const { endpoints, clock } = this.#options;
    const { spacingMs, everyMs } = this.#plan;
    const cycle = this.#progress.cycle + 1;
    this.#progress = { cycle, doneCount: 0, degradedCount: 0, downCount: 0, nextAtMonoMs: plannedMonoMs + everyMs };
    const ended = Promise.withResolvers<void>();
    const cut = () => {
      for (const check of this.#running) check.cut();
      this.#running.clear();
      ended.resolve();
    };
    stop.addEventListener('abort', cut, { once: true });
    const burstCount = Math.max(1, Math.ceil(burstMs / spacingMs));
    for (let next = 0; next < endpoints.length && !stop.aborted; ) {
      const dueCount = Math.floor((clock.monoMs() - plannedMonoMs) / spacingMs) + 1;
      const until = Math.min(endpoints.length, dueCount, next + burstCount);
      for (const endpoint of endpoints.slice(next, until)) this.#start(endpoint, plannedMonoMs, ended.resolve);
      next = Math.max(next, until);
      if (next < endpoints.length) {
        const waitMs = plannedMonoMs + next * spacingMs - clock.monoMs();
        await clock.sleep(Math.max(1, waitMs), stop);
      }
    }
    await ended.promise;
    stop.removeEventListener('abort', cut);
  }

  #start(endpoint: Endpoint, plannedMonoMs: number, onLast: () => void): void {
    const { prober, clock, ears, endpoints } = this.#options;
    const startedAtMonoMs = clock.monoMs();
    const leftMs = this.#plan.endMs - (startedAtMonoMs - plannedMonoMs);
    const check = prober.check(endpoint, Math.max(1, Math.min(this.#plan.limitMs, leftMs)), (result) => {
      this.#running.delete(check);
      this.#progress.doneCount += 1;
      // An answer that was heard late was measured too long; one that was missed may have come.
      if (result.grade !== 'up' && this.#watch?.wasFrozenSince(startedAtMonoMs) === true) ears.disturbed();
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

const longestSleepMs = 3_600_000;
