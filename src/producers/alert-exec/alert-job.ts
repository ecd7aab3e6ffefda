import { definitionIdOf, uuidOf } from '../../domain/alarm-event.js';
import type { AlarmStatus } from '../../domain/alarm-status.js';
import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { WatchedAlarm } from '../announcement.js';
import type { Announcer } from '../announcer.js';
import { quickPauseMs } from '../back-off.js';
import type { Recurring } from '../fixed-rate.js';
import type { Slots } from '../slots.js';
import { type Alert, messageFor, statusOf } from './alert.js';
import { evaluationAfter, type Ticks } from './alert-times.js';
import type { AlertsClient, ApiResult } from './alerts-client.js';
import { Sustained } from './sustained.js';

/** How alerts are evaluated; the same for all of them. */
export interface EvaluationRules {
  /** Requests per evaluation, the first included. */
  readonly attempts: number;
  readonly timeoutMs: number;
  /** A query that fails for so long makes the alert UNKNOWN; undefined: never. */
  readonly unknownAfterMs: number | undefined;
  readonly withSustain: boolean;
  readonly tenantId: string;
  /** One definition for all; undefined: each alert its own. */
  readonly definitionId: string | undefined;
}

export interface JobDeps {
  readonly client: AlertsClient;
  readonly announcer: Announcer;
  readonly slots: Slots;
  readonly ticks: Ticks;
  readonly rules: EvaluationRules;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** No evaluation begins any more; a query under way ends, since nobody would use its answer. */
  readonly stop: AbortSignal;
}

/** Where in the ticks an alert is evaluated, and by which group of workers. */
export interface Place {
  readonly dueMonoMs: number;
  readonly shareMs: number;
  readonly group: string;
}

const maxAlarmIdLength = 255;

/** The alarm that an alert is to those who are told of it. */
export function alarmOf(
  alert: Alert,
  rules: Pick<EvaluationRules, 'tenantId' | 'definitionId'>,
  worker: string,
): WatchedAlarm {
  const alarmId = alert.name.length <= maxAlarmIdLength ? alert.name : uuidOf([alert.name]);
  return {
    key: alert.name,
    name: alert.name,
    tenantId: rules.tenantId,
    alarmId,
    alarmDefinitionId: rules.definitionId ?? definitionIdOf(alarmId),
    description: alert.query,
    repeatMs: alert.repeatMs,
    worker,
  };
}

/** Evaluates one alert whenever its time has come, and has what it finds announced. */
export class AlertJob implements Recurring {
  readonly #deps: JobDeps;
  #place: Place;
  #alert: Alert;
  #alarm: WatchedAlarm;
  readonly #sustained = new Sustained();
  #failingSinceMonoMs: number | undefined;
  #status: AlarmStatus | undefined;
  #isEnded = false;

  constructor(alert: Alert, place: Place, deps: JobDeps) {
    this.#deps = deps;
    this.#place = place;
    this.#alert = alert;
    this.#alarm = alarmOf(alert, deps.rules, place.group);
  }

  /** The alert as the server sends it now; what was found so far stays. */
  update(alert: Alert, place: Place): void {
    this.#place = place;
    this.#alert = alert;
    this.#alarm = alarmOf(alert, this.#deps.rules, place.group);
  }

  /** The alert is gone: an evaluation under way finds nothing any more. */
  end(): void {
    this.#isEnded = true;
  }

  get alert(): Alert {
    return this.#alert;
  }

  get alarm(): WatchedAlarm {
    return this.#alarm;
  }

  get place(): Place {
    return this.#place;
  }

  /** The status last found; undefined before the first. */
  get status(): AlarmStatus | undefined {
    return this.#status;
  }

  nextAfter(monoMs: number): number {
    return evaluationAfter(this.#deps.ticks, { ...this.#place, intervalMs: this.#alert.intervalMs }, monoMs);
  }

  overlapped(): void {
    this.#deps.telemetry.count('alert_exec_evaluations_total', { result: 'overlap' });
  }

  async run(scheduledMonoMs: number): Promise<void> {
    const result = await this.#query(scheduledMonoMs);
    const { stop, telemetry } = this.#deps;
    if (stop.aborted || this.#isEnded) return;
    telemetry.count('alert_exec_evaluations_total', { result: result === undefined ? 'failed' : 'ok' });
    if (result === undefined) this.#failed(scheduledMonoMs);
    else this.#found(result, scheduledMonoMs);
  }

  #found(value: number, scheduledMonoMs: number): void {
    const { rules, announcer } = this.#deps;
    const alert = this.#alert;
    this.#failingSinceMonoMs = undefined;
    const plain = statusOf(alert, value);
    const status = rules.withSustain ? this.#sustained.after(plain, scheduledMonoMs, alert.sustainMs) : plain;
    this.#status = status;
    const details = { value, warn: alert.warn.value, critical: alert.critical.value };
    announcer.observe(this.#alarm, { status, reason: messageFor(alert, status, value), details, scheduledMonoMs });
  }

  /** A failed query says nothing of the alert, until it has failed for long. */
  #failed(scheduledMonoMs: number): void {
    const { rules, announcer } = this.#deps;
    this.#failingSinceMonoMs ??= scheduledMonoMs;
    const failingMs = scheduledMonoMs - this.#failingSinceMonoMs;
    if (rules.unknownAfterMs === undefined || failingMs < rules.unknownAfterMs) return;
    this.#status = 'UNKNOWN';
    const reason = `the query has failed for ${Math.round(failingMs / 1_000)} s`;
    announcer.observe(this.#alarm, { status: 'UNKNOWN', reason, details: undefined, scheduledMonoMs });
  }

  /** The value, or undefined when it could not be had before the alert is due again. */
  async #query(scheduledMonoMs: number): Promise<number | undefined> {
    const { rules, clock, random, stop } = this.#deps;
    const nextDueMonoMs = this.nextAfter(scheduledMonoMs);
    for (let attempt = 1; !stop.aborted; attempt += 1) {
      const result = await this.#attempt(attempt, scheduledMonoMs);
      if (result === undefined) return undefined;
      if (result.kind === 'done') return result.value;
      if (stop.aborted) return undefined;
      this.#tellFailure(attempt, result.cause);
      const pauseMs = quickPauseMs(attempt, random);
      const isLast = attempt >= rules.attempts || result.isTimeout || clock.monoMs() + pauseMs >= nextDueMonoMs;
      if (isLast) return undefined;
      await clock.sleep(pauseMs, stop);
    }
    return undefined;
  }

  async #attempt(attempt: number, scheduledMonoMs: number): Promise<ApiResult<number> | undefined> {
    const { client, slots, rules, clock, telemetry, stop } = this.#deps;
    if (!(await slots.enter('after'))) return undefined;
    try {
      const lagMs = Math.max(0, clock.monoMs() - scheduledMonoMs);
      if (attempt === 1) telemetry.observe('alert_exec_evaluation_lag_seconds', lagMs / 1_000);
      return await client.query(this.#alert.query, Math.min(rules.timeoutMs, this.#alert.intervalMs), stop);
    } finally {
      slots.leave();
    }
  }

  #tellFailure(attempt: number, cause: string): void {
    const { telemetry, rules } = this.#deps;
    const worker = `poll${this.#place.group}`;
    const msg = `Worker ${worker} failed to query for ${this.#alert.name} (attempt ${attempt} of ${rules.attempts}): ${cause}`;
    telemetry.event('alert_attempt_failed', { msg, worker, alert: this.#alert.name, attempt, cause });
  }
}
