import type { Fields } from '../ports/system.js';
import type { EventName } from './event-table.js';
import type { CounterName, GaugeName, HistogramName } from './metric-table.js';

export type Labels = Readonly<Record<string, string>>;

/** The one way to be seen: log lines and metrics, by names from the two tables. Never throws and never waits. */
export interface Telemetry {
  /** One log line and, where the table names one, one step of a counter. */
  event(name: EventName, fields?: Fields): void;
  count(name: CounterName, labels?: Labels, by?: number): void;
  gauge(name: GaugeName, value: number, labels?: Labels): void;
  observe(name: HistogramName, seconds: number, labels?: Labels): void;
  /** The same, with `fields` (such as component) on every line. */
  child(fields: Fields): Telemetry;
}
