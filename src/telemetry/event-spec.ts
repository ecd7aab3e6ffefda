import type { CounterName } from './metric-table.js';

/** How a kind of event is logged, counted and explained. */
export interface EventSpec {
  /** `error`: someone must act. `warn`: degraded and handled. `info`: life of the engine. `debug`: per alarm. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Name of a field: where it is not 0 the event is an error. */
  readonly errorUnlessZero?: string;
  readonly meaning: string;
  /** What an operator does about it. */
  readonly action: string;
  /** Moved by one with each event; its labels are taken from the fields of the event. */
  readonly counter?: CounterName;
}
