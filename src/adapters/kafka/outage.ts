import type { Clock } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';

/** A failing broker among living ones makes both kinds of call in turns; nobody wants to read that as a series of outages. */
const REPEAT_MS = 30_000;
const QUIET_MS = 5_000;

/** Tells people once that Kafka does not do what is asked, again every 30 s while it lasts, and once that it is over. */
export class Outage {
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  #toldAtMonoMs: number | undefined;
  #failedAtMonoMs = 0;

  constructor(telemetry: Telemetry, clock: Clock) {
    this.#telemetry = telemetry;
    this.#clock = clock;
  }

  failed(error: string): void {
    const nowMonoMs = this.#clock.monoMs();
    this.#failedAtMonoMs = nowMonoMs;
    if (this.#toldAtMonoMs !== undefined && nowMonoMs - this.#toldAtMonoMs < REPEAT_MS) return;
    this.#toldAtMonoMs = nowMonoMs;
    this.#telemetry.event('kafka_away', { error });
  }

  answered(): void {
    if (this.#toldAtMonoMs === undefined || this.#clock.monoMs() - this.#failedAtMonoMs < QUIET_MS) return;
    this.#toldAtMonoMs = undefined;
    this.#telemetry.event('kafka_back');
  }
}
