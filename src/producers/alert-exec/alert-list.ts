import type { Clock, Random } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { quickPauseMs, startPauseMs } from '../back-off.js';
import type { Slots } from '../slots.js';
import type { AlertList } from './alert.js';
import type { AlertsClient } from './alerts-client.js';

/** More than these are not remembered, and not told. */
const maxToldCount = 1_000;

export interface AlertListDeps {
  readonly client: AlertsClient;
  readonly slots: Slots;
  readonly timeoutMs: number;
  /** Requests per refresh, the first included. */
  readonly attempts: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** Loads the list of alerts, and says once what is wrong with it. */
export class AlertListLoader {
  readonly #deps: AlertListDeps;
  readonly #told = new Set<string>();
  #emptyCount = 0;
  #problem: string | undefined = 'the list of alerts was not loaded yet';

  constructor(deps: AlertListDeps) {
    this.#deps = deps;
  }

  /** Why there is no list; undefined as soon as there is one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The first list, for as long as it takes; undefined when `stop` aborts before. */
  async first(stop: AbortSignal): Promise<AlertList | undefined> {
    const { clock, random } = this.#deps;
    for (let attempt = 1; !stop.aborted; attempt += 1) {
      const list = await this.#load(attempt, stop);
      if (list !== undefined) return list;
      await clock.sleep(startPauseMs(attempt, random), stop);
    }
    return undefined;
  }

  /**
   * The list as it is now; undefined when it cannot be had, and when it is empty after one that was not: that is believed the second time.
   */
  async again(stop: AbortSignal): Promise<AlertList | undefined> {
    const { clock, random, attempts } = this.#deps;
    for (let attempt = 1; !stop.aborted; attempt += 1) {
      const list = await this.#load(attempt, stop);
      if (list !== undefined) return this.#emptyCount === 1 ? undefined : list;
      if (attempt >= attempts) return undefined;
      await clock.sleep(quickPauseMs(attempt, random), stop);
    }
    return undefined;
  }

  async #load(attempt: number, stop: AbortSignal): Promise<AlertList | undefined> {
    const { client, timeoutMs, telemetry, slots } = this.#deps;
    if (!(await slots.enter('before'))) return undefined;
    const result = await client.list(timeoutMs, stop);
    slots.leave();
    if (stop.aborted) return undefined;
    telemetry.count('alert_exec_refresh_total', { result: result.kind === 'done' ? 'ok' : 'failed' });
    if (result.kind !== 'done') {
      if (this.#problem !== undefined) this.#problem = `the list of alerts cannot be loaded: ${result.cause}`;
      telemetry.event('alerts_unavailable', { attempt, cause: result.cause });
      return undefined;
    }
    this.#problem = undefined;
    this.#emptyCount = result.value.alerts.length === 0 ? this.#emptyCount + 1 : 0;
    if (this.#emptyCount === 1) telemetry.event('alerts_empty');
    this.#tell(result.value);
    return result.value;
  }

  #tell({ problems }: AlertList): void {
    for (const problem of problems) {
      if (this.#told.has(problem) || this.#told.size >= maxToldCount) continue;
      this.#told.add(problem);
      this.#deps.telemetry.event('alert_strange', { msg: problem });
    }
  }
}
